import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as v from 'valibot';
import { mapping } from '../../src/session/mapping.js';
import { hostileName } from './entries.js';

const texts = mapping(v.pipe(v.string(), v.minLength(1)), v.string());

describe('mapping', () => {
  it('keeps every key, also those that valibot drops from records', () => {
    fc.assert(
      fc.property(fc.dictionary(hostileName, fc.string()), (given) => {
        const parsed = v.parse(texts, JSON.parse(JSON.stringify(given)));
        expect(JSON.stringify(parsed)).toBe(JSON.stringify(JSON.parse(JSON.stringify(given))));
      }),
    );
    const all = '{"__proto__":"a","constructor":"b","prototype":"c"}';
    expect(JSON.stringify(v.parse(texts, JSON.parse(all)))).toBe(all);
  });

  it('leaves the prototype of its result alone', () => {
    const parsed = v.parse(mapping(v.string(), v.unknown()), JSON.parse('{"__proto__": {"polluted": 1}}'));
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect((parsed as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each<[string, string]>([
    ['{"a": 1}', 'a'],
    ['{"__proto__": 1}', '__proto__'],
    ['{"": "a"}', ''],
  ])('checks keys and values, and says where: %s', (json, path) => {
    const parsed = v.safeParse(texts, JSON.parse(json));
    expect(parsed.issues?.map((issue) => v.getDotPath(issue))).toEqual([path]);
  });

  it.each(['[]', 'null', '"a"', '1'])('takes nothing else for an object: %s', (json) => {
    expect(v.safeParse(texts, JSON.parse(json)).success).toBe(false);
  });
});
