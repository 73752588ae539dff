/** Revisions of a session as people write them: `12`, `12..40`, `12..`, `..40`, `last:5`. */

/** Both ends belong to it; without an upper end `to` is Infinity. */
export type RevisionRange = { readonly from: number; readonly to: number } | { readonly last: number };

export const REVISION_RANGE_FORMS =
  'a revision such as 12, a range such as 12..40, 12.. or ..40 with both ends in it, or last:5';

const RANGE = /^(\d*)\.\.(\d*)$/;
const LAST = /^last:(\d+)$/;

/** @returns undefined when `text` is no range, or one that nothing can be in. Revisions count from 1. */
export function parseRevisionRange(text: string): RevisionRange | undefined {
  const last = LAST.exec(text);
  if (last) {
    const count = parseRevision(last[1] as string);
    return count === undefined ? undefined : { last: count };
  }
  const range = RANGE.exec(text) ?? [text, text, text];
  const [, first = '', end = ''] = range;
  if (first === '' && end === '') return undefined;
  const from = first === '' ? 1 : parseRevision(first);
  const to = end === '' ? Number.POSITIVE_INFINITY : parseRevision(end);
  return from === undefined || to === undefined || from > to ? undefined : { from, to };
}

/** @returns undefined when `text` is no revision: a whole number from 1 on. */
export function parseRevision(text: string): number | undefined {
  const revision = /^\d+$/.test(text) ? Number(text) : 0;
  return revision >= 1 && Number.isSafeInteger(revision) ? revision : undefined;
}
