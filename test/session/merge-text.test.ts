import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { diff3Merge } from 'node-diff3';
import { splitLines } from '../../src/session/line-diff.js';
import { mergeText, uniteTexts } from '../../src/session/merge-text.js';
import { texts, threeTexts, threeTextsOfDistinctLines } from './contexts.js';

const CONFLICT = { conflict: true };

function counted(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

const withoutEndings = (text: string) => splitLines(text).map((line) => line.replace(/[\r\n]+$/, ''));

/** What remains of the base, and all that came: the lines a merge has when no line stands twice. */
function linesToExpect(base: readonly string[], ours: readonly string[], theirs: readonly string[]): string[] {
  const kept = base.filter((line) => ours.includes(line) && theirs.includes(line));
  return [...kept, ...[...ours, ...theirs].filter((line) => !base.includes(line))];
}

describe('mergeText', () => {
  it.each<[string, string, string, string, string]>([
    ['nothing', '', '', '', ''],
    ['changes far apart', 'a\nb\nc\n', 'A\nb\nc\n', 'a\nb\nC\n', 'A\nb\nC\n'],
    ['a change and an insertion', 'a\nb\nc\n', 'A\nb\nc\n', 'a\nb\nx\nc\n', 'A\nb\nx\nc\n'],
    ['two removals', 'a\nb\nc\n', 'b\nc\n', 'a\nb\n', 'b\n'],
    ['the same change', 'a\nb\n', 'a\nB\n', 'a\nB\n', 'a\nB\n'],
    ['the same change, and one of ours', 'a\nb\nc\nd\n', 'A\nb\nc\nD\n', 'A\nb\nc\nd\n', 'A\nb\nc\nD\n'],
    ['the same text where there was none', '', 'a', 'a', 'a'],
    ['CRLF', 'a\r\nb\r\nc\r\n', 'A\r\nb\r\nc\r\n', 'a\r\nb\r\nC\r\n', 'A\r\nb\r\nC\r\n'],
    ['CR', 'a\rb\rc\r', 'A\rb\rc\r', 'a\rb\rC\r', 'A\rb\rC\r'],
    ['an ending that ours changed', 'a\r\nb\r\nc\r\n', 'a\nb\r\nc\r\n', 'a\r\nb\r\nC\r\n', 'a\nb\r\nC\r\n'],
    ['a missing last newline', 'a\nb\nc', 'A\nb\nc', 'a\nb\nc', 'A\nb\nc'],
    ['a last newline that came', 'a\nb\nc', 'A\nb\nc', 'a\nb\nc\n', 'A\nb\nc\n'],
    ['a last newline that went', 'a\nb\nc\n', 'A\nb\nc\n', 'a\nb\nc', 'A\nb\nc'],
    [
      'lines called as what objects have',
      '__proto__\nconstructor\nx\n',
      'constructor\nx\n',
      '__proto__\nconstructor\n',
      'constructor\n',
    ],
  ])('merges %s', (_, base, ours, theirs, text) => {
    expect(mergeText(base, ours, theirs)).toEqual({ text });
    expect(mergeText(base, theirs, ours)).toEqual({ text });
  });

  it.each<[string, string, string, string]>([
    ['two changes of a line', 'a\n', 'b\n', 'c\n'],
    ['changes of lines that touch', 'a\nb\n', 'A\nb\n', 'a\nB\n'],
    ['a change and a removal', 'a\nb\n', 'A\nb\n', 'b\n'],
    ['two insertions in one place', 'a\nb\n', 'a\nx\nb\n', 'a\ny\nb\n'],
    ['two texts where there was none', '', 'a', 'b'],
    ['what is the same but for its ending', 'a\n', 'b\n', 'b\r\n'],
    ['a last newline that went where lines came', 'a\n', 'a', 'a\nb\n'],
  ])('does not decide between %s', (_, base, ours, theirs) => {
    expect(mergeText(base, ours, theirs)).toEqual(CONFLICT);
    expect(mergeText(base, theirs, ours)).toEqual(CONFLICT);
  });

  it('gives the same when the sides are swapped', () => {
    fc.assert(
      fc.property(threeTexts, ({ base, ours, theirs }) => {
        expect(mergeText(base, theirs, ours)).toEqual(mergeText(base, ours, theirs));
      }),
      { numRuns: 3000 },
    );
  });

  it('takes the other side where one is unchanged, and a change that both made', () => {
    fc.assert(
      fc.property(texts, texts, (base, changed) => {
        expect(mergeText(base, base, changed)).toEqual({ text: changed });
        expect(mergeText(base, changed, base)).toEqual({ text: changed });
        expect(mergeText(base, changed, changed)).toEqual({ text: changed });
      }),
      { numRuns: 1000 },
    );
  });

  it('invents no line: each comes from a side, not more often than both have it', () => {
    fc.assert(
      fc.property(threeTexts, ({ base, ours, theirs }) => {
        const merged = mergeText(base, ours, theirs);
        fc.pre('text' in merged);
        const [left, right] = [counted(splitLines(ours)), counted(splitLines(theirs))];
        for (const [line, count] of counted(splitLines(merged.text))) {
          expect(count).toBeLessThanOrEqual((left.get(line) ?? 0) + (right.get(line) ?? 0));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('drops no line that a side has and none has less often than the base', () => {
    fc.assert(
      fc.property(threeTexts, ({ base, ours, theirs }) => {
        const merged = mergeText(base, ours, theirs);
        fc.pre('text' in merged);
        const [was, left, right] = [base, ours, theirs].map((text) => counted(splitLines(text))) as [
          Map<string, number>,
          Map<string, number>,
          Map<string, number>,
        ];
        const result = counted(splitLines(merged.text));
        for (const line of new Set([...left.keys(), ...right.keys()])) {
          const before = was.get(line) ?? 0;
          if ((left.get(line) ?? 0) >= before && (right.get(line) ?? 0) >= before) expect(result.has(line)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('has exactly what both kept and either added, in the order of each side', () => {
    fc.assert(
      fc.property(threeTextsOfDistinctLines, ({ base, ours, theirs }) => {
        const merged = mergeText(base.join(''), ours.join(''), theirs.join(''));
        fc.pre('text' in merged);
        const lines = splitLines(merged.text);
        expect([...lines].sort()).toEqual(linesToExpect(base, ours, theirs).sort());
        for (const side of [ours, theirs]) {
          expect(lines.filter((line) => side.includes(line))).toEqual(side.filter((line) => lines.includes(line)));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('agrees with the merge of node-diff3 where no line repeats', () => {
    fc.assert(
      fc.property(threeTextsOfDistinctLines, ({ base, ours, theirs }) => {
        const regions = diff3Merge(ours, base, theirs);
        const text = regions.flatMap((region) => region.ok ?? []).join('');
        const expected = regions.some((region) => region.conflict) ? CONFLICT : { text };
        expect(mergeText(base.join(''), ours.join(''), theirs.join(''))).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  describe('of 200,000 lines', () => {
    const lines = Array.from({ length: 200_000 }, (_, index) => (index % 4 === 0 ? `line ${index}\n` : '\n'));
    const changedAt = (place: number, text: string) => lines.with(place, text).join('');
    const base = lines.join('');

    it('merges changes far apart', () => {
      const both = lines.with(1, 'ours\n').with(199_998, 'theirs\n').join('');
      const merged = mergeText(base, changedAt(1, 'ours\n'), changedAt(199_998, 'theirs\n'));
      expect('text' in merged && merged.text === both).toBe(true);
    });

    it('finds that all of it conflicts', () => {
      const reversed = lines.toReversed().join('');
      const other = lines.map((line) => `other ${line}`).join('');
      expect(mergeText(base, reversed, other)).toEqual(CONFLICT);
      expect(mergeText('x\n'.repeat(200_000), 'x\ny\n'.repeat(100_000), 'y\n'.repeat(200_000))).toEqual(CONFLICT);
    });

    it('unites what conflicts', () => {
      const other = lines.map((line) => `other ${line}`).join('');
      expect(uniteTexts('', base, other) === base + other).toBe(true);
    });
  });
});

describe('uniteTexts', () => {
  it.each<[string, string, string, string, string]>([
    ['what conflicts, ours first', 'a\n', 'b\n', 'c\n', 'b\nc\n'],
    ['and merges the rest', '1\n2\n3\n4\n5\n', 'one\n2\n3\n4\n5a\n', '1\n2\n4\n5b\n', 'one\n2\n4\n5a\n5b\n'],
    ['without saying twice what both say', '', 'a\nb\nc\n', 'b\nc\nd\n', 'a\nb\nc\nd\n'],
    ['with a line as often as the side that has it more often', '', 'a\n\n', 'b\n\n\n', 'a\n\nb\n\n'],
    ['two texts that end without a newline', '', 'a', 'b', 'a\nb'],
    ['two texts of which the first ends without one', '', 'a\r\nb', 'c\r\n', 'a\r\nb\r\nc\r\n'],
    ['lines that differ in their endings', '', 'a\n', 'a\r\nb\r\n', 'a\nb\r\n'],
    ['a CR and an LF that do not belong together', '', 'a\r', '\nb', 'a\r\n\nb'],
    ['an empty text', 'a\n', '', 'a\nb\n', 'a\nb\n'],
    ['empty texts', '', '', '', ''],
  ])('unites %s', (_, base, ours, theirs, text) => expect(uniteTexts(base, ours, theirs)).toBe(text));

  it('is the merge where nothing conflicts', () => {
    fc.assert(
      fc.property(threeTexts, ({ base, ours, theirs }) => {
        const merged = mergeText(base, ours, theirs);
        fc.pre('text' in merged);
        expect(uniteTexts(base, ours, theirs)).toBe(merged.text);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps all lines of both where there was nothing before, as often as the side that has them more often', () => {
    fc.assert(
      fc.property(texts, texts, (ours, theirs) => {
        const [left, right] = [counted(withoutEndings(ours)), counted(withoutEndings(theirs))];
        const united = counted(withoutEndings(uniteTexts('', ours, theirs)));
        for (const line of new Set([...left.keys(), ...right.keys(), ...united.keys()])) {
          expect(united.get(line)).toBe(Math.max(left.get(line) ?? 0, right.get(line) ?? 0));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps what both kept and either added, invents nothing, and has all of ours in its order', () => {
    fc.assert(
      fc.property(threeTextsOfDistinctLines, ({ base, ours, theirs }) => {
        const lines = splitLines(uniteTexts(base.join(''), ours.join(''), theirs.join('')));
        for (const line of linesToExpect(base, ours, theirs)) expect(lines).toContain(line);
        for (const line of lines) expect([...ours, ...theirs]).toContain(line);
        expect(new Set(lines).size).toBe(lines.length);
        expect(lines.filter((line) => ours.includes(line))).toEqual(ours.filter((line) => lines.includes(line)));
      }),
      { numRuns: 1000 },
    );
  });
});
