import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Dialect, readCommands } from '../../src/session/shell-words.js';

/** Words that depend on the running shell stand in angle brackets. */
function commands(text: string, dialect: Dialect = 'posix'): string[][] {
  return readCommands(text, 0, dialect).commands.map((words) =>
    words.map((word) => (word.dynamic ? `<${word.text}>` : word.text)),
  );
}

describe('readCommands', () => {
  it.each([
    ['a b  c\t d', [['a', 'b', 'c', 'd']]],
    [`'a b'"c d"e\\ f''`, [['a bc de f']]],
    [`a '' ""`, [['a', '', '']]],
    [`'it'\\''s' "a\\"b\\\\c\\d"`, [["it's", 'a"b\\c\\d']]],
    [`$'a\\n\\x41\\u00e9\\101\\'\\q' $"x"`, [["a\nAéA'\\q", 'x']]],
    ['a\\\nb "c\\\nd"', [['ab', 'cd']]],
    ['a; b && c || d | e & f', [['a'], ['b'], ['c'], ['d'], ['e'], ['f']]],
    ["a # b 'c", [['a']]],
    ['a#b', [['a#b']]],
    ['a > f 2>&1 <g >>h &>i <<<j 2>&- k', [['a'], ['k']]],
    ['a 2 >f b', [['a', '2', 'b']]],
    ['$a "$b" "$?" $1 "`d`" e$', [['d'], ['<$a>', '<$b>', '<$?>', '<$1>', '<>', 'e$']]],
    ['\'$a\' \\$a "\\$a" "a $ b"', [['$a', '$a', '$a', 'a $ b']]],
    [
      "x=$(a 'b') c",
      [
        ['a', 'b'],
        ['<x=>', 'c'],
      ],
    ],
    [
      `a "$(b "c d" 'e')" f`,
      [
        ['b', 'c d', 'e'],
        ['a', '<>', 'f'],
      ],
    ],
    ['(a; b) && c', [['a'], ['b'], ['c']]],
    ['a <(b) c', [['b'], ['a', '<>', 'c']]],
    [`$'\\xff'`, [['<>']]],
  ])('reads %j as a POSIX shell does', (text, expected) => expect(commands(text)).toEqual(expected));

  it.each([
    [`'it\\'s' 'a\\\\b' 'c\\d'`, [["it's", 'a\\b', 'c\\d']]],
    [`"a\\"b\\$c\`d"`, [['a"b$c`d']]],
    ['a\\nb\\x41 \\ ', [['a\nbA', ' ']]],
    [
      'a (b c) d',
      [
        ['b', 'c'],
        ['a', '<>', 'd'],
      ],
    ],
    [
      'a $b; and c',
      [
        ['a', '<$b>'],
        ['and', 'c'],
      ],
    ],
  ])('reads %j as fish does', (text, expected) => expect(commands(text, 'fish')).toEqual(expected));

  it('reads up to the line break that ends a command', () => {
    const reading = readCommands("a 'b\nc'\nd", 0, 'posix');
    expect(reading.commands).toEqual([
      [
        { text: 'a', dynamic: false },
        { text: 'b\nc', dynamic: false },
      ],
    ]);
    expect(reading.end).toBe("a 'b\nc'\n".length);
  });

  it('passes over a document', () => {
    const text = "a <<'EOF' | b\nit's\nc\nEOF\nd";
    expect(commands(text)).toEqual([['a'], ['b']]);
    expect(text.slice(readCommands(text, 0, 'posix').end)).toBe('d');
  });

  it.each<[string, string | undefined]>([
    ["a 'b", "'"],
    ['a "b', '"'],
    ["a $'b\\'", "'"],
    ['a $(b', ')'],
    ['(a\nb', ')'],
    ['a `b', '`'],
    ['a "$(b', ')'],
    ['a <<b', '<<'],
    ['a <<b\nc', '<<'],
    ['a <<b\nb', undefined],
    ['a', undefined],
  ])('says what %j ends within', (text, open) => expect(readCommands(text, 0, 'posix').open).toBe(open));

  it('reads any text to its end or to a line break', () => {
    const piece = fc.constantFrom(...'\'"`$(){}\\\n <>&|;#-ax1');
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 60 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, fc.constantFrom<Dialect>('posix', 'fish'), (given, dialect) => {
        const { end } = readCommands(given, 0, dialect);
        expect(end >= given.length || given[end - 1] === '\n').toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
