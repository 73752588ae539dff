import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { diffLines } from '../../src/session/diff-lines.js';
import { splitLines } from '../../src/session/line-diff.js';
import { texts } from './contexts.js';

const shown = (before: string, after: string) =>
  diffLines(before, after).map(({ op, line, skipped }) => `${skipped ? `@${skipped} ` : ''}${op}${line}`);

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `${index}\n`).join('');

describe('diffLines', () => {
  it.each<[string, string, string, string[]]>([
    ['nothing', 'a\n', 'a\n', []],
    ['two empty texts', '', '', []],
    ['a text that came', '', 'a\nb', ['+a\n', '+b']],
    ['a text that went', 'a\r\n', '', ['-a\r\n']],
    ['a last newline', 'a', 'a\n', ['-a', '+a\n']],
    ['an ending', 'a\r\nb\n', 'a\nb\n', ['-a\r\n', '+a\n', ' b\n']],
    ['the middle', 'a\nb\nc\n', 'a\nB\nc\n', [' a\n', '-b\n', '+B\n', ' c\n']],
  ])('shows %s', (_, before, after, lines) => expect(shown(before, after)).toEqual(lines));

  it('shows three lines around a change, and says how many it leaves out', () => {
    const after = numbered(30).replace('10\n', 'ten\n').replace('20\n', '');
    expect(shown(numbered(30), after)).toEqual([
      '@7  7\n',
      ' 8\n',
      ' 9\n',
      '-10\n',
      '+ten\n',
      ' 11\n',
      ' 12\n',
      ' 13\n',
      '@3  17\n',
      ' 18\n',
      ' 19\n',
      '-20\n',
      ' 21\n',
      ' 22\n',
      ' 23\n',
    ]);
  });

  it('leaves nothing out between changes that are near', () => {
    const after = numbered(10).replace('2\n', 'two\n').replace('8\n', 'eight\n');
    const lines = [
      ' 0\n',
      ' 1\n',
      '-2\n',
      '+two\n',
      ' 3\n',
      ' 4\n',
      ' 5\n',
      ' 6\n',
      ' 7\n',
      '-8\n',
      '+eight\n',
      ' 9\n',
    ];
    expect(shown(numbered(10), after)).toEqual(lines);
  });

  it('tells both texts, but for what it leaves out', () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const [old, now] = [splitLines(before), splitLines(after)];
        const without = (op: string, lines: readonly string[]): string[] => {
          const told: string[] = [];
          for (const { op: each, line, skipped = 0 } of diffLines(before, after)) {
            told.push(...lines.slice(told.length, told.length + skipped));
            if (each !== op) told.push(line);
          }
          return [...told, ...(before === after ? lines : lines.slice(told.length))];
        };
        expect(without('+', old)).toEqual(old);
        expect(without('-', now)).toEqual(now);
      }),
      { numRuns: 500 },
    );
  });
});
