import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InexactJson, parseExactJson, requireExact } from '../../src/session/exact-json.js';

const problem = (text: string): string => {
  try {
    parseExactJson(text);
  } catch (error) {
    if (error instanceof InexactJson) return error.message;
    throw error;
  }
  return 'none';
};

describe('parseExactJson', () => {
  it.each([
    '0',
    '7',
    '-7',
    '1.0',
    '1e2',
    '1E+2',
    '100e-2',
    '0.1',
    '0.10',
    '-0',
    '0e999999999999',
    '9007199254740991',
    '9007199254740992',
    '123456789012345680000',
    '5e-324',
    `1${'0'.repeat(400)}e-400`,
    '1e308',
  ])('takes the number %s, which JSON.stringify writes as an equal one', (text) => {
    expect(parseExactJson(text)).toBe(JSON.parse(text));
  });

  it.each([
    '12345678901234567890',
    '-12345678901234567890',
    '9007199254740993',
    '1e400',
    '-1e400',
    '1e-400',
    '0.1234567890123456789',
    '3.141592653589793238',
    '1e9999999999999999999999',
  ])('refuses the number %s, which would come back as another one', (number) => {
    expect(problem(number)).toContain(`${number} would become`);
    expect(() => parseExactJson(`{"a": [1, {"b.c": ${number}}]}`)).toThrow(
      expect.objectContaining({ path: ['a', '1', 'b.c'], written: number }),
    );
  });

  it('names the place as a path is written everywhere, and how to keep the number as a text', () => {
    expect(problem('{"preferences": {"id": 12345678901234567890}}')).toBe(
      'preferences.id: the number 12345678901234567890 would become 12345678901234567000; ' +
        'in quotes it is kept as a text: "12345678901234567890"',
    );
    expect(problem('1e400')).toMatch(/^the number 1e400 would become null/);
  });

  it('quotes no more of a long number than tells it from others', () => {
    expect(problem('9'.repeat(5000)).length).toBeLessThan(300);
  });

  it('refuses a name that is given twice in one object, of which only the last would stay', () => {
    expect(problem('{"a": {"b": 1, "b": 2}}')).toBe('a.b: the name "b" is there twice; the first value would be lost');
    expect(problem('{"__proto__": 1, "__proto__": 1}')).toContain('__proto__');
    expect(problem(String.raw`{"a": 1, "\u0061": 2}`)).toContain('"a" is there twice');
    expect(parseExactJson('[{"a": 1}, {"a": {"a": 2}}]')).toEqual([{ a: 1 }, { a: { a: 2 } }]);
  });

  it('refuses half of a surrogate pair, which no UTF-8 can hold', () => {
    expect(problem(String.raw`{"a": "\ud83d"}`)).toContain('a: the text has half of a character (\\ud83d)');
    expect(problem(String.raw`["\udc00x"]`)).toContain('\\udc00');
    expect(problem(String.raw`{"\ud800": 1}`)).toContain('\\ud800');
    expect(parseExactJson(String.raw`"\ud83d\ude00"`)).toBe('\u{1f600}');
    expect(parseExactJson(String.raw`"\\ud83d"`)).toBe(String.raw`\ud83d`);
  });

  it('says of what is no JSON what JSON.parse says', () => {
    for (const text of ['', '{', '{"a": 1,}', '01', 'nul', '"\u0000"', '[1] 2']) {
      expect(() => parseExactJson(text)).toThrow(SyntaxError);
    }
  });

  it('agrees with JSON.parse on everything that JSON.stringify writes', () => {
    const written = fc.json().map((text) => ({ text: JSON.stringify(JSON.parse(text)), indented: text }));
    fc.assert(
      fc.property(written, ({ text }) => {
        expect(JSON.stringify(parseExactJson(text))).toBe(text);
        expect(JSON.stringify(parseExactJson(JSON.stringify(JSON.parse(text), null, 2)))).toBe(text);
      }),
    );
  });

  it('reads a number of a million digits in the time that it takes to read them', () => {
    const zeros = '0'.repeat(1_000_000);
    expect(problem(`1${zeros}1`)).toContain('would become null');
    expect(problem(`0.1${zeros}1`)).toContain('would become 0.1;');
  });

  it('takes every double in the form in which it is written, and no other number of seventeen digits', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(problem(JSON.stringify(number))).toBe('none');
      }),
    );
    fc.assert(
      fc.property(fc.bigInt({ min: 10n ** 16n, max: 10n ** 19n }), (number) => {
        const isExact = BigInt(JSON.stringify(Number(number))) === number;
        expect(problem(String(number)) === 'none').toBe(isExact);
      }),
    );
  });
});

describe('requireExact', () => {
  const place = (value: unknown): string => {
    try {
      requireExact(value);
    } catch (error) {
      if (error instanceof InexactJson) return error.message;
      throw error;
    }
    return 'none';
  };

  it.each<[string, unknown, string]>([
    ['no number', { preferences: { width: Number.NaN } }, 'preferences.width: NaN would become null'],
    ['an infinite number', { a: [1, Number.POSITIVE_INFINITY] }, 'a.1: Infinity would become null'],
    ['a function', { a: () => 1 }, 'a: a function cannot be stored'],
    ['a symbol', { a: Symbol('x') }, 'a: a symbol cannot be stored'],
    ['a large integer', { a: 1n }, 'a: a bigint cannot be stored'],
    ['a hole in a list', { a: [undefined] }, 'a.0: undefined would become null'],
    ['half of a character', { a: 'x\ud800' }, 'a: the text has half of a character (\\ud800)'],
    ['half of a character in a name', { 'x\ud800': 1 }, 'half of a character'],
    ['what writes itself as none', { a: { toJSON: () => Number.NaN } }, 'a: NaN would become null'],
  ])('refuses %s, which JSON.stringify would change or leave out without a word', (_, value, message) => {
    expect(place(value)).toContain(message);
  });

  it('takes all that JSON has, a member that is undefined for none, and what writes itself', () => {
    expect(place({ a: undefined, b: null, c: new Date(0), d: [-0, 1.5, '\u{1f600}'] })).toBe('none');
    fc.assert(fc.property(fc.jsonValue(), (value) => expect(place(value)).toBe('none')));
  });
});
