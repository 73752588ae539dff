/**
 * Which lines of a text became which. The longest common subsequence says it best, but takes time that grows with the
 * cube of what repeats, so a large difference is first cut at the lines that occur once, and what is still too large
 * counts as replaced as a whole. That is coarser, never wrong.
 */
import { diffIndices } from 'node-diff3';

/** The lines from `start` up to `end` of the text before were replaced by those from `from` up to `to` of the one after. */
export interface Hunk {
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

/**
 * How many steps a comparison may take: pairs of equal lines, times the lines of the shorter side. About a quarter of a
 * second; enough for 14,000 lines that all differ from each other, or for 580 that are all the same.
 */
const MAX_STEPS = 200_000_000;

/** @returns the lines with their endings, CR LF, LF or, as Smalltalk sources have it, CR alone; the last may have none. */
export function splitLines(text: string): string[] {
  return text.match(/[^\r\n]+(?:\r\n?|\n)?|\r\n?|\n/g) ?? [];
}

/** @returns where the lines differ, in order, with at least one common line between two hunks. */
export function hunksBetween(before: readonly string[], after: readonly string[]): Hunk[] {
  const whole = trimmed(before, after, { start: 0, end: before.length, from: 0, to: after.length });
  if (!whole) return [];
  let left = MAX_STEPS;
  const cost = steps(before, after, whole);
  if (cost <= left) return compared(before, after, whole);
  const hunks: Hunk[] = [];
  for (const gap of gapsBetweenUniqueLines(before, after, whole)) {
    const rest = trimmed(before, after, gap);
    if (!rest) continue;
    const cost = steps(before, after, rest);
    if (cost > left) {
      hunks.push(rest);
    } else {
      left -= cost;
      for (const hunk of compared(before, after, rest)) hunks.push(hunk);
    }
  }
  return hunks;
}

/** @returns the range without the common lines at both its ends, or undefined when nothing remains. */
function trimmed(before: readonly string[], after: readonly string[], range: Hunk): Hunk | undefined {
  let { start, end, from, to } = range;
  while (start < end && from < to && before[start] === after[from]) {
    start++;
    from++;
  }
  while (start < end && from < to && before[end - 1] === after[to - 1]) {
    end--;
    to--;
  }
  return start < end || from < to ? { start, end, from, to } : undefined;
}

function compared(before: readonly string[], after: readonly string[], { start, end, from, to }: Hunk): Hunk[] {
  return diffIndices(before.slice(start, end), after.slice(from, to)).map(({ buffer1, buffer2 }) => ({
    start: start + buffer1[0],
    end: start + buffer1[0] + buffer1[1],
    from: from + buffer2[0],
    to: from + buffer2[0] + buffer2[1],
  }));
}

function steps(before: readonly string[], after: readonly string[], { start, end, from, to }: Hunk): number {
  const counts = new Map<string, number>();
  for (let index = start; index < end; index++) {
    const line = before[index] as string;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  let pairs = 0;
  for (let index = from; index < to; index++) pairs += counts.get(after[index] as string) ?? 0;
  return pairs * Math.min(end - start, to - from);
}

/** @returns what lies between the lines that occur once on both sides, of which as many stay in place as can. */
function gapsBetweenUniqueLines(before: readonly string[], after: readonly string[], range: Hunk): Hunk[] {
  const places = placesOfUnique(after, range.from, range.to);
  const anchors: { start: number; from: number }[] = [];
  for (const [line, start] of placesOfUnique(before, range.start, range.end)) {
    const from = places.get(line);
    if (from !== undefined) anchors.push({ start, from });
  }
  const gaps: Hunk[] = [];
  let { start, from } = range;
  for (const index of longestRising(anchors.map((anchor) => anchor.from))) {
    const anchor = anchors[index] as { start: number; from: number };
    gaps.push({ start, end: anchor.start, from, to: anchor.from });
    start = anchor.start + 1;
    from = anchor.from + 1;
  }
  gaps.push({ start, end: range.end, from, to: range.to });
  return gaps;
}

/** @returns where the lines are that occur once, in the order in which they stand. */
function placesOfUnique(lines: readonly string[], start: number, end: number): Map<string, number> {
  const places = new Map<string, number>();
  const repeated = new Set<string>();
  for (let index = start; index < end; index++) {
    const line = lines[index] as string;
    if (places.has(line)) repeated.add(line);
    else places.set(line, index);
  }
  for (const line of repeated) places.delete(line);
  return places;
}

/** @returns the indices of a longest rising subsequence of `numbers`, which are all different. */
function longestRising(numbers: readonly number[]): number[] {
  /** The index of the smallest number that ends a rising sequence of that length plus one. */
  const ends: number[] = [];
  const previous: (number | undefined)[] = [];
  for (const [index, number] of numbers.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[ends[middle] as number] as number) < number) low = middle + 1;
      else high = middle;
    }
    previous[index] = ends[low - 1];
    ends[low] = index;
  }
  const rising: number[] = [];
  for (let index = ends.at(-1); index !== undefined; index = previous[index]) rising.push(index);
  return rising.reverse();
}
