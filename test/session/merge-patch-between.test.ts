import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonical, isObject, type Json, type JsonObject } from '../../src/session/json.js';
import { applyMergePatch } from '../../src/session/merge-patch.js';
import { mergePatchBetween } from '../../src/session/merge-patch-between.js';
import { parsed, reparsed, reversed, threeContexts } from './contexts.js';

/** Every patch that lacks one thing that `patch` says. */
function lesser(patch: JsonObject): JsonObject[] {
  return Object.keys(patch).flatMap((key) => {
    const rest = Object.fromEntries(Object.entries(patch).filter(([name]) => name !== key));
    const inner = patch[key];
    if (!isObject(inner)) return [rest];
    const less = lesser(inner).map((each): Json => Object.fromEntries([...Object.entries(rest), [key, each]]));
    return [rest, ...(less as JsonObject[])];
  });
}

describe('mergePatchBetween', () => {
  it.each<[string, string, string]>([
    ['{}', '{}', '{}'],
    ['{"a": 1}', '{"a": 1}', '{}'],
    ['{"a": 1, "b": 2}', '{"a": 1, "c": 3}', '{"b": null, "c": 3}'],
    ['{"a": {"b": 1, "c": 2}}', '{"a": {"b": 1, "c": 3}}', '{"a": {"c": 3}}'],
    ['{"a": {"b": 1}}', '{"a": {}}', '{"a": {"b": null}}'],
    ['{"a": 1}', '{"a": {}}', '{"a": {}}'],
    ['{"a": {}}', '{"a": []}', '{"a": []}'],
    ['{"a": [1, null]}', '{"a": [null, {"b": null}]}', '{"a": [null, {"b": null}]}'],
    ['{"__proto__": {"x": 1}}', '{"__proto__": {"x": 1, "y": 2}}', '{"__proto__": {"y": 2}}'],
    ['{"__proto__": 1}', '{"constructor": 1}', '{"__proto__": null, "constructor": 1}'],
  ])('from %s to %s is %s', (before, after, patch) => {
    expect(canonical(mergePatchBetween(parsed(before), parsed(after)))).toBe(canonical(parsed(patch)));
  });

  it('leads from one to the other', () => {
    fc.assert(
      fc.property(threeContexts, ({ ours, theirs }) => {
        const patch = reparsed(mergePatchBetween(ours, theirs));
        expect(canonical(applyMergePatch(ours, patch))).toBe(canonical(theirs));
      }),
      { numRuns: 1000 },
    );
  });

  it('says nothing that could be left unsaid', () => {
    fc.assert(
      fc.property(threeContexts, ({ ours, theirs }) => {
        for (const less of lesser(mergePatchBetween(ours, theirs))) {
          expect(canonical(applyMergePatch(ours, less))).not.toBe(canonical(theirs));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(threeContexts, ({ ours, theirs }) => {
        const other = mergePatchBetween(reversed(ours) as JsonObject, reversed(theirs) as JsonObject);
        expect(canonical(other)).toBe(canonical(mergePatchBetween(ours, theirs)));
      }),
    );
  });
});
