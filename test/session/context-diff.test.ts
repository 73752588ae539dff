import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { diffContexts } from '../../src/session/context-diff.js';
import { patchRemoving, patchSetting } from '../../src/session/context-path.js';
import { canonical, type JsonObject } from '../../src/session/json.js';
import { applyMergePatch } from '../../src/session/merge-patch.js';
import { parsed, reversed, threeContexts } from './contexts.js';

describe('diffContexts', () => {
  it('names each path that differs, in order, and of the buffer the lines', () => {
    const before = parsed('{"buffer": "a\\nb\\n", "layout": {"focus": "a", "panels": {"a": {}}}, "x": 1, "l": [1]}');
    const after = parsed('{"buffer": "a\\nB\\n", "layout": {"focus": "b", "panels": {"a": {}, "b": {}}}, "l": [1, 2]}');
    expect(diffContexts(before, after)).toEqual([
      {
        path: ['buffer'],
        before: 'a\nb\n',
        after: 'a\nB\n',
        lines: [
          { op: ' ', line: 'a\n' },
          { op: '-', line: 'b\n' },
          { op: '+', line: 'B\n' },
        ],
      },
      { path: ['l'], before: [1], after: [1, 2] },
      { path: ['layout', 'focus'], before: 'a', after: 'b' },
      { path: ['layout', 'panels', 'b'], after: {} },
      { path: ['x'], before: 1 },
    ]);
  });

  it('shows the lines of a buffer that came or went, and none of what is no text', () => {
    expect(diffContexts({}, { buffer: 'a' })[0]?.lines).toEqual([{ op: '+', line: 'a' }]);
    expect(diffContexts({ buffer: 'a' }, {})[0]?.lines).toEqual([{ op: '-', line: 'a' }]);
    expect(diffContexts({ buffer: 'a' }, { buffer: 1 })).toEqual([{ path: ['buffer'], before: 'a', after: 1 }]);
    expect(diffContexts({ x: { buffer: 'a' } }, { x: { buffer: 'b' } })[0]).not.toHaveProperty('lines');
  });

  it('tells a member called __proto__ from one that is not there', () => {
    const hostile = parsed('{"__proto__": {"constructor": 1}}');
    expect(diffContexts({}, hostile).map(({ path }) => path)).toEqual([['__proto__']]);
    expect(diffContexts(parsed('{"__proto__": {}}'), hostile)).toEqual([
      { path: ['__proto__', 'constructor'], after: 1 },
    ]);
  });

  it('tells all: who makes every change gets the other context, in any order of keys', () => {
    fc.assert(
      fc.property(threeContexts, ({ ours, theirs }) => {
        const changes = diffContexts(ours, theirs);
        const made = changes.reduce<JsonObject>((context, { path, after }) => {
          const patch = after === undefined ? patchRemoving(path, context) : patchSetting(path, after, context);
          return applyMergePatch(context, patch) as JsonObject;
        }, ours);
        expect(canonical(made)).toBe(canonical(theirs));
        expect(diffContexts(theirs, ours).map(({ path }) => path)).toEqual(changes.map(({ path }) => path));
        expect(diffContexts(ours, reversed(ours) as JsonObject)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
