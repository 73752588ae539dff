/**
 * The three-way merge of texts, by lines and their exact endings. Each side is compared with the base by itself, so it
 * does not matter which is called ours; changes that touch each other conflict unless they are the same.
 */
import { type Hunk, hunksBetween, splitLines } from './line-diff.js';

export type MergedText = { readonly text: string } | { readonly conflict: true };

/** Lines on which nothing is left to decide, or what both sides made of one part of the base. */
type Region =
  | { readonly settled: readonly string[] }
  | { readonly ours: readonly string[]; readonly theirs: readonly string[] };

/** A part of the base, and all hunks of either side in it. */
interface Span {
  readonly start: number;
  end: number;
  readonly ours: Hunk[];
  readonly theirs: Hunk[];
}

/** @returns the text with the changes of both sides, where no two of them touch. */
export function mergeText(base: string, ours: string, theirs: string): MergedText {
  const parts: string[] = [];
  for (const region of regionsOf(base, ours, theirs)) {
    if (!('settled' in region)) return { conflict: true };
    parts.push(region.settled.join(''));
  }
  return { text: parts.join('') };
}

/**
 * Merges also what conflicts: there all lines of ours, then those of theirs that ours lacks or has less often. Lines
 * that differ in their endings only are the same.
 */
export function uniteTexts(base: string, ours: string, theirs: string): string {
  const lines = regionsOf(base, ours, theirs).flatMap((region) =>
    'settled' in region ? region.settled : [...region.ours, ...lacking(region.ours, region.theirs)],
  );
  return joined(lines);
}

function regionsOf(base: string, ours: string, theirs: string): Region[] {
  const [baseLines, ourLines, theirLines] = [splitLines(base), splitLines(ours), splitLines(theirs)];
  const regions: Region[] = [];
  let settled = 0;
  for (const span of spansOf(hunksBetween(baseLines, ourLines), hunksBetween(baseLines, theirLines))) {
    regions.push({ settled: baseLines.slice(settled, span.start) });
    const left = madeOf(span, span.ours, ourLines);
    const right = madeOf(span, span.theirs, theirLines);
    if (!left || !right) regions.push({ settled: left ?? right ?? [] });
    else if (haveSameLines(left, right)) regions.push({ settled: left });
    else regions.push({ ours: left, theirs: right });
    settled = span.end;
  }
  regions.push({ settled: baseLines.slice(settled) });
  return regions;
}

function spansOf(ours: readonly Hunk[], theirs: readonly Hunk[]): Span[] {
  const spans: Span[] = [];
  const hunks = [
    ...ours.map((hunk) => ({ hunk, side: 'ours' as const })),
    ...theirs.map((hunk) => ({ hunk, side: 'theirs' as const })),
  ];
  for (const { hunk, side } of hunks.sort((a, b) => a.hunk.start - b.hunk.start)) {
    let span = spans.at(-1);
    if (!span || hunk.start > span.end) {
      span = { start: hunk.start, end: hunk.end, ours: [], theirs: [] };
      spans.push(span);
    }
    span.end = Math.max(span.end, hunk.end);
    span[side].push(hunk);
  }
  return spans;
}

/** @returns the lines that a side has in place of the span, or undefined when it left the span alone. */
function madeOf(span: Span, hunks: readonly Hunk[], lines: readonly string[]): readonly string[] | undefined {
  const [first, last] = [hunks[0], hunks.at(-1)];
  if (!first || !last) return undefined;
  return lines.slice(first.from - (first.start - span.start), last.to + (span.end - last.end));
}

function haveSameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}

function lacking(ours: readonly string[], theirs: readonly string[]): string[] {
  const covered = new Map<string, number>();
  for (const line of ours) covered.set(withoutEnding(line), (covered.get(withoutEnding(line)) ?? 0) + 1);
  return theirs.filter((line) => {
    const count = covered.get(withoutEnding(line)) ?? 0;
    covered.set(withoutEnding(line), count - 1);
    return count <= 0;
  });
}

/** Lines that never stood behind each other may run into one: the last line of a text, or a CR before an LF. */
function joined(lines: readonly string[]): string {
  const ending = lines.map((line) => line.slice(withoutEnding(line).length)).find((text) => text !== '') ?? '\n';
  return lines
    .map((line, index) => {
      const next = lines[index + 1];
      if (next === undefined) return line;
      if (line === withoutEnding(line)) return line + (ending === '\r' && next.startsWith('\n') ? '\r\n' : ending);
      return line.endsWith('\r') && next.startsWith('\n') ? `${line}\n` : line;
    })
    .join('');
}

function withoutEnding(line: string): string {
  return line.replace(/[\r\n]+$/, '');
}
