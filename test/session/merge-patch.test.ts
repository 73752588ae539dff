import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applyMergePatch } from '../../src/session/merge-patch.js';

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('applyMergePatch', () => {
  it.each<[string, string, string]>([
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ])('RFC 7396, appendix A: %s with %s gives %s', (target, patch, result) => {
    expect(asJson(applyMergePatch(JSON.parse(target), JSON.parse(patch)))).toEqual(JSON.parse(result));
  });

  it('changes neither the target nor the patch', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
        const before = JSON.stringify([target, patch]);
        applyMergePatch(target, patch);
        expect(JSON.stringify([target, patch])).toBe(before);
      }),
    );
  });

  it('gives the same when it is applied again', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
        const once = applyMergePatch(target, patch);
        expect(JSON.stringify(applyMergePatch(once, patch))).toBe(JSON.stringify(once));
      }),
    );
  });

  it('treats __proto__ and constructor as names like any other, at every level', () => {
    const patch = JSON.parse('{"__proto__": {"polluted": 1}, "a": {"constructor": {"prototype": {"polluted": 1}}}}');
    const once = applyMergePatch({ a: {} }, patch);
    expect(JSON.stringify(once)).toBe('{"a":{"constructor":{"prototype":{"polluted":1}}},"__proto__":{"polluted":1}}');
    const twice = applyMergePatch(asJson(once), JSON.parse('{"__proto__": {"more": 2}}'));
    expect(JSON.stringify(twice)).toContain('"__proto__":{"polluted":1,"more":2}');
    expect(JSON.stringify(applyMergePatch(twice, JSON.parse('{"__proto__": null, "a": null}')))).toBe('{}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
