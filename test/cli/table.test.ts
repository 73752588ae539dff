import { describe, expect, test } from '@jest/globals';
import { PLAIN } from '../../src/cli/style.js';
import { fields, table } from '../../src/cli/table.js';
import { columns, cut, visible, visibleLine } from '../../src/cli/terminal-text.js';

const NAME_AND_VALUE = [
  { title: 'NAME', value: (row: readonly string[]) => row[0] },
  { title: 'VALUE', value: (row: readonly string[]) => row[1] },
];

describe('text of unknown origin', () => {
  test('cannot command the terminal', () => {
    expect(visible('\x1b[31mred\x1b[0m \x07 \x9b2J')).toBe('\\x1b[31mred\\x1b[0m \\x07 \\x9b2J');
    expect(visible('\x1b]0;title\x07')).not.toContain('\x1b');
  });

  test('cannot reorder what is read', () => {
    expect(visible('a\u202eb\u2066c')).toBe('a\\u202eb\\u2066c');
  });

  test('keeps its lines in a block and gives them up in a cell', () => {
    expect(visible('a\n\tb')).toBe('a\n\tb');
    expect(visibleLine('a\n\tb')).toBe('a\\n\\tb');
  });

  test('cannot overwrite a line by a carriage return', () => {
    expect(visible('safe\revil')).toBe('safe\\x0devil');
  });

  test.each([
    ['plain', 5],
    ['日本語', 6],
    ['é', 1],
    ['e\u0301', 1],
    ['👩‍👩‍👧', 2],
  ])('is as wide as the terminal shows it: %s', (text, width) => {
    expect(columns(text)).toBe(width);
  });

  test('is cut at a whole character', () => {
    expect(cut('日本語', 5)).toBe('日本…');
    expect(cut('日本語', 6)).toBe('日本語');
    expect(cut('abcdef', 4)).toBe('abc…');
  });
});

describe('a table', () => {
  test('aligns its columns by what the terminal shows', () => {
    const rows = [
      ['日本', 'x'],
      ['abc', 'y'],
    ];
    expect(table(rows, NAME_AND_VALUE, PLAIN)).toBe('NAME  VALUE\n日本  x\nabc   y');
  });

  test('keeps one row on one line whatever the values are', () => {
    expect(table([['a\nb', '\x1b[2Jc']], NAME_AND_VALUE, PLAIN).split('\n')).toEqual([
      'NAME  VALUE',
      'a\\nb  \\x1b[2Jc',
    ]);
  });

  test('leaves no blanks at the end of a line', () => {
    for (const line of table([['a', '']], NAME_AND_VALUE, PLAIN).split('\n')) expect(line).toBe(line.trimEnd());
  });
});

describe('a block of fields', () => {
  test('aligns the values and leaves out what is missing', () => {
    expect(
      fields(
        [
          ['id', 'a'],
          ['revision', 0],
          ['label', undefined],
          ['note', ''],
        ],
        PLAIN,
      ),
    ).toBe('id        a\nrevision  0');
  });
});
