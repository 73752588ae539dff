/** The difference of two texts as people read it: what went and what came, with a few unchanged lines around. */
import { hunksBetween, splitLines } from './line-diff.js';

export interface DiffLine {
  readonly op: ' ' | '+' | '-';
  /** With its ending; the last line of a text may have none. */
  readonly line: string;
  /** How many unchanged lines right before this one are left out. */
  readonly skipped?: number;
}

/** As in a unified diff. */
const CONTEXT_LINES = 3;

/** @returns nothing when the texts are the same. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [beforeLines, afterLines] = [splitLines(before), splitLines(after)];
  const diff: DiffLine[] = [];
  const hunks = hunksBetween(beforeLines, afterLines);
  let shown = 0;
  for (const [index, { start, end, from, to }] of hunks.entries()) {
    const lead = Math.max(shown, start - CONTEXT_LINES);
    for (let at = lead; at < start; at++) {
      const skipped = at === lead ? lead - shown : 0;
      diff.push({ op: ' ', line: beforeLines[at] as string, ...(skipped > 0 ? { skipped } : {}) });
    }
    for (let at = start; at < end; at++) diff.push({ op: '-', line: beforeLines[at] as string });
    for (let at = from; at < to; at++) diff.push({ op: '+', line: afterLines[at] as string });
    shown = Math.min(end + CONTEXT_LINES, hunks[index + 1]?.start ?? beforeLines.length);
    for (let at = end; at < shown; at++) diff.push({ op: ' ', line: beforeLines[at] as string });
  }
  return diff;
}
