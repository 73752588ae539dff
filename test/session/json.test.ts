import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonical, isEqual, keysOf, member } from '../../src/session/json.js';
import { parsed, reparsed, reversed, values } from './contexts.js';

describe('isEqual', () => {
  it('agrees with a comparison of what both say as JSON, in any order of keys', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(isEqual(a, b)).toBe(isDeepStrictEqual(reparsed(a), reparsed(b)));
        expect(isEqual(a, reversed(a))).toBe(true);
        expect(canonical(a) === canonical(b)).toBe(isEqual(a, b));
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, string]>([
    ['{"__proto__": 1}', '{}'],
    ['{"__proto__": {}}', '{"x": {}}'],
    ['{"constructor": 1}', '{"x": 1}'],
    ['[]', '{}'],
    ['[1, 2]', '[1]'],
    ['null', '{}'],
    ['0', '"0"'],
    ['0', 'false'],
  ])('tells %s from %s', (a, b) => {
    expect(isEqual(parsed(a), parsed(b))).toBe(false);
    expect(isEqual(parsed(b), parsed(a))).toBe(false);
    expect(canonical(parsed(a))).not.toBe(canonical(parsed(b)));
  });

  it('takes -0 for 0, which it is in JSON', () => expect([isEqual(-0, 0), canonical(-0)]).toEqual([true, '0']));
});

describe('member', () => {
  it.each(['__proto__', 'constructor', 'toString'])('finds no %s that is not there', (name) => {
    expect(member({}, name)).toBeUndefined();
    expect(member(parsed(`{"${name}": 1}`), name)).toBe(1);
  });

  it.each(['a', 1, null, undefined, ['x']])('finds nothing in %j', (value) => {
    expect(member(value, 'length')).toBeUndefined();
    expect(member(value, '0')).toBeUndefined();
  });
});

it('keysOf gives each key once, in an order of its own', () => {
  expect(keysOf(parsed('{"b": 1, "__proto__": 2}'), undefined, ['x'], { a: 1, b: 2 })).toEqual(['__proto__', 'a', 'b']);
});
