import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonical, isObject, type Json, member } from '../../src/session/json.js';
import { uniteValues } from '../../src/session/unite-values.js';
import { parsed, values } from './contexts.js';

describe('uniteValues', () => {
  it.each<[string, string, string, string]>([
    ['texts by lines', '"a\\nb\\n"', '"a\\nc\\n"', '"a\\nb\\nc\\n"'],
    ['texts that end without a newline', '"a"', '"b"', '"a\\nb"'],
    ['arrays', '[1, 2]', '[2, 3]', '[1,2,3]'],
    [
      'arrays of objects, whatever the order of keys',
      '[{"a": 1, "b": null}]',
      '[{"b": null, "a": 1}, null]',
      '[{"a":1,"b":null},null]',
    ],
    ['arrays with an element as often as the side that has it more often', '[1, 1]', '[1, 1, 1]', '[1,1,1]'],
    ['objects', '{"a": 1}', '{"b": 2}', '{"a":1,"b":2}'],
    ['objects in objects', '{"a": {"x": [1], "y": 1}}', '{"a": {"x": [2], "y": 2}}', '{"a":{"x":[1,2],"y":1}}'],
    ['objects with a member of two kinds', '{"a": {}}', '{"a": 1, "b": 1}', '{"a":{},"b":1}'],
    [
      'members called __proto__',
      '{"__proto__": {"x": 1}}',
      '{"__proto__": {"__proto__": 2}}',
      '{"__proto__":{"__proto__":2,"x":1}}',
    ],
    ['what is equal', 'true', 'true', 'true'],
  ])('unites %s', (_, ours, theirs, united) => {
    expect(canonical(uniteValues(undefined, parsed(ours), parsed(theirs)))).toBe(united);
  });

  it('merges texts where they do not conflict', () => {
    expect(uniteValues('a\nb\nc\n', 'b\nc\n', 'a\nb\n')).toBe('b\n');
    expect(uniteValues({ t: 'a\nb\nc\n' }, { t: 'b\nc\n' }, { t: 'a\nb\n' })).toEqual({ t: 'b\n' });
  });

  it('keeps a value that only one side has', () => {
    expect(uniteValues(1, undefined, 2)).toBe(2);
    expect(uniteValues(1, 2, undefined)).toBe(2);
  });

  it.each<[Json, Json]>([
    [1, 2],
    [true, false],
    ['a', ['a']],
    [{}, []],
    [1, '1'],
  ])('knows none of %j and %j', (ours, theirs) => {
    expect(uniteValues(undefined, ours, theirs)).toBeUndefined();
    expect(uniteValues(undefined, theirs, ours)).toBeUndefined();
  });

  it('keeps all elements of both, and all members', () => {
    fc.assert(
      fc.property(values, values, (ours, theirs) => expectToHave(uniteValues(undefined, ours, theirs), ours, theirs)),
      { numRuns: 1000 },
    );
  });

  it('changes nothing when it is done again', () => {
    fc.assert(
      fc.property(values, values, (ours, theirs) => {
        const united = uniteValues(undefined, ours, theirs);
        fc.pre(united !== undefined);
        expect(canonical(uniteValues(undefined, united, theirs))).toBe(canonical(united));
        expect(canonical(uniteValues(undefined, ours, ours))).toBe(canonical(ours));
      }),
      { numRuns: 1000 },
    );
  });
});

function expectToHave(united: Json, ours: Json, theirs: Json): void {
  if (Array.isArray(united) && Array.isArray(ours) && Array.isArray(theirs)) {
    expect(united.slice(0, ours.length).map(canonical)).toEqual(ours.map(canonical));
    for (const element of theirs) expect(united.map(canonical)).toContain(canonical(element));
  } else if (isObject(united) && isObject(ours) && isObject(theirs)) {
    expect(Object.keys(united).sort()).toEqual([...new Set([...Object.keys(ours), ...Object.keys(theirs)])].sort());
    for (const key of Object.keys(united)) expectToHave(member(united, key), member(ours, key), member(theirs, key));
  }
}
