import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { diffIndices } from 'node-diff3';
import { type Hunk, hunksBetween, splitLines } from '../../src/session/line-diff.js';
import { texts, threeTextsOfDistinctLines } from './contexts.js';

describe('splitLines', () => {
  it('loses nothing', () => {
    fc.assert(fc.property(fc.oneof(texts, fc.string()), (text) => expect(splitLines(text).join('')).toBe(text)));
  });

  it.each<[string, string[]]>([
    ['', []],
    ['\n', ['\n']],
    ['a', ['a']],
    ['a\nb', ['a\n', 'b']],
    ['a\r\nb\r\n', ['a\r\n', 'b\r\n']],
    ['a\rb\r', ['a\r', 'b\r']],
    ['\r\r\n\n\r', ['\r', '\r\n', '\n', '\r']],
    ['a\u2028b\n', ['a\u2028b\n']],
  ])('makes of %j %j', (text, lines) => expect(splitLines(text)).toEqual(lines));
});

function applied(before: readonly string[], after: readonly string[], hunks: readonly Hunk[]): string[] {
  const result: string[] = [];
  let at = 0;
  for (const { start, end, from, to } of hunks) {
    for (const line of before.slice(at, start)) result.push(line);
    for (const line of after.slice(from, to)) result.push(line);
    at = end;
  }
  return [...result, ...before.slice(at)];
}

/** One expectation a text: printing what large ones differ in, or expecting something of each hunk, takes far too long. */
function expectHunksOf(before: readonly string[], after: readonly string[]): Hunk[] {
  const hunks = hunksBetween(before, after);
  expect(applied(before, after, hunks).join('') === after.join('')).toBe(true);
  const wrong = hunks.find((hunk, index) => {
    const previous = hunks[index - 1] ?? { end: -1, to: -1 };
    const common = hunk.start - previous.end;
    return (hunk.end === hunk.start && hunk.to === hunk.from) || common < 1 || common !== hunk.from - previous.to;
  });
  expect(wrong).toBeUndefined();
  return hunks;
}

describe('hunksBetween', () => {
  it('leads from one text to the other, with common lines between the hunks', () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        expectHunksOf(splitLines(before), splitLines(after));
      }),
      { numRuns: 1000 },
    );
  });

  it('is as short as the longest common subsequence makes it', () => {
    const changed = (lengths: readonly [number, number][]) => lengths.reduce((sum, [a, b]) => sum + a + b, 0);
    fc.assert(
      fc.property(threeTextsOfDistinctLines, ({ ours, theirs }) => {
        const hunks = hunksBetween(ours, theirs).map(({ start, end, from, to }): [number, number] => [
          end - start,
          to - from,
        ]);
        const exact = diffIndices(ours, theirs).map(({ buffer1, buffer2 }): [number, number] => [
          buffer1[1],
          buffer2[1],
        ]);
        expect(changed(hunks)).toBe(changed(exact));
      }),
    );
  });

  describe('of 200,000 lines', () => {
    const SIZE = 200_000;
    const numbered = Array.from({ length: SIZE }, (_, index) => `line ${index}\n`);
    const methods = Array.from({ length: SIZE }, (_, index) => (index % 4 === 0 ? `method${index}\n` : '\n'));
    const replaced = (lines: readonly string[], ...places: number[]) =>
      lines.map((line, index) => (places.includes(index) ? `changed ${index}\n` : line));

    it.each<[string, string[]]>([
      ['that are all different', numbered],
      ['among which blank ones repeat', methods],
    ])('%s finds each change where it is', (_, lines) => {
      const places = [1, 8, 99_999, 150_001, SIZE - 2];
      expect(expectHunksOf(lines, replaced(lines, ...places))).toEqual(
        places.map((place) => ({ start: place, end: place + 1, from: place, to: place + 1 })),
      );
    });

    const same = numbered.map(() => 'x\n');
    it.each<[string, string[], string[]]>([
      ['that all differ', numbered, numbered.map((line) => `other ${line}`)],
      ['in the opposite order', numbered, numbered.toReversed()],
      ['that are all the same, changed at both ends', same, replaced(same, 1, SIZE - 2)],
      ['of two kinds that alternate', same.map((line, index) => (index % 2 ? 'y\n' : line)), same],
      ['of which half went', numbered, numbered.filter((_, index) => index % 2)],
      ['that came', [], numbered],
    ])(
      '%s ends in time',
      (_, before, after) => {
        expectHunksOf(before, after);
      },
      20_000,
    );
  });
});
