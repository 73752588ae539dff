import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contextProblem } from '../../src/session/context-problem.js';
import { canonical, isEqual, isObject, type Json, type JsonObject, member } from '../../src/session/json.js';
import { layoutProblem } from '../../src/session/layout.js';
import { mergeContexts, type PathConflict } from '../../src/session/merge-context.js';
import { applyMergePatch } from '../../src/session/merge-patch.js';
import { contexts, parsed, reversed, threeContexts } from './contexts.js';
import { layouts } from './layouts.js';

const merged = (base: string, ours: string, theirs: string) => {
  const { context, conflicts } = mergeContexts(parsed(base), parsed(ours), parsed(theirs));
  return { context: canonical(context), conflicts };
};

const told = (conflicts: readonly PathConflict[]) => conflicts.map(canonical);

const swapped = (conflicts: readonly PathConflict[]) =>
  conflicts.map(({ path, base, ours, theirs }) => ({
    path,
    ...(base === undefined ? {} : { base }),
    ...(theirs === undefined ? {} : { ours: theirs }),
    ...(ours === undefined ? {} : { theirs: ours }),
  }));

describe('mergeContexts', () => {
  it.each<[string, string, string, string, string]>([
    ['nothing', '{}', '{}', '{}', '{}'],
    ['parts of their own', '{}', '{"vim": 1}', '{"emacs": [null]}', '{"emacs":[null],"vim":1}'],
    [
      'members of one object',
      '{"a":{"x":1,"y":1}}',
      '{"a":{"x":2,"y":1}}',
      '{"a":{"x":1,"y":2}}',
      '{"a":{"x":2,"y":2}}',
    ],
    ['objects where there was none', '{}', '{"a":{"x":1}}', '{"a":{"y":{"z":2}}}', '{"a":{"x":1,"y":{"z":2}}}'],
    ['objects where there was a text', '{"a":"t"}', '{"a":{"x":1}}', '{"a":{"y":2}}', '{"a":{"x":1,"y":2}}'],
    ['a change and a removal elsewhere', '{"a":1,"b":1}', '{"a":2,"b":1}', '{"a":1}', '{"a":2}'],
    ['the same removal', '{"a":1}', '{}', '{}', '{}'],
    ['the same change in other words', '{"a":1}', '{"a":{"x":1,"y":2}}', '{"a":{"y":2,"x":1}}', '{"a":{"x":1,"y":2}}'],
    [
      'buffers by lines',
      '{"buffer":"a\\nb\\nc\\n"}',
      '{"buffer":"A\\nb\\nc\\n"}',
      '{"buffer":"a\\nb\\nC"}',
      '{"buffer":"A\\nb\\nC"}',
    ],
    ['an emptied buffer', '{"buffer":"a\\n"}', '{"buffer":""}', '{"buffer":"a\\n"}', '{"buffer":""}'],
    [
      'members called __proto__',
      '{"__proto__":{"x":1}}',
      '{"__proto__":{"x":1,"__proto__":2}}',
      '{"__proto__":{"x":3}}',
      '{"__proto__":{"__proto__":2,"x":3}}',
    ],
    [
      'a member called constructor that came',
      '{}',
      '{"constructor":{"a":1}}',
      '{"toString":1}',
      '{"constructor":{"a":1},"toString":1}',
    ],
    [
      'panels that both added',
      '{"layout":{"panels":{}}}',
      '{"layout":{"panels":{"a":{}}}}',
      '{"layout":{"panels":{"b":{}},"focus":"b"}}',
      '{"layout":{"focus":"b","panels":{"a":{},"b":{}}}}',
    ],
  ])('merges %s', (_, base, ours, theirs, context) => {
    expect(merged(base, ours, theirs)).toEqual({ context, conflicts: [] });
    expect(merged(base, theirs, ours)).toEqual({ context, conflicts: [] });
  });

  it.each<[string, string, string, string, PathConflict[]]>([
    [
      'two values',
      '{"a":{"x":1}}',
      '{"a":{"x":2}}',
      '{"a":{"x":3}}',
      [{ path: ['a', 'x'], base: 1, ours: 2, theirs: 3 }],
    ],
    ['two values where there was none', '{}', '{"a":1}', '{"a":2}', [{ path: ['a'], ours: 1, theirs: 2 }]],
    ['a change and a removal', '{"a":1}', '{"a":2}', '{}', [{ path: ['a'], base: 1, ours: 2 }]],
    [
      'a removal and a change',
      '{"a":{"x":1}}',
      '{}',
      '{"a":{"x":2}}',
      [{ path: ['a'], base: { x: 1 }, theirs: { x: 2 } }],
    ],
    [
      'arrays, as wholes',
      '{"a":[1]}',
      '{"a":[1,2]}',
      '{"a":[0,1]}',
      [{ path: ['a'], base: [1], ours: [1, 2], theirs: [0, 1] }],
    ],
    ['an object and a text', '{}', '{"a":{}}', '{"a":""}', [{ path: ['a'], ours: {}, theirs: '' }]],
    [
      'buffers',
      '{"buffer":"a"}',
      '{"buffer":"b"}',
      '{"buffer":"c"}',
      [{ path: ['buffer'], base: 'a', ours: 'b', theirs: 'c' }],
    ],
    [
      'buffers where there was none',
      '{}',
      '{"buffer":"b"}',
      '{"buffer":"c"}',
      [{ path: ['buffer'], ours: 'b', theirs: 'c' }],
    ],
    ['a buffer and a removal', '{"buffer":"a"}', '{"buffer":"b"}', '{}', [{ path: ['buffer'], base: 'a', ours: 'b' }]],
    [
      'texts elsewhere, as wholes',
      '{"x":{"buffer":"a\\nb\\nc"}}',
      '{"x":{"buffer":"A\\nb\\nc"}}',
      '{"x":{"buffer":"a\\nb\\nC"}}',
      [{ path: ['x', 'buffer'], base: 'a\nb\nc', ours: 'A\nb\nc', theirs: 'a\nb\nC' }],
    ],
    [
      'buffers of which one is no text',
      '{"buffer":1}',
      '{"buffer":"b"}',
      '{"buffer":"c"}',
      [{ path: ['buffer'], base: 1, ours: 'b', theirs: 'c' }],
    ],
    [
      'several, by path',
      '{"b":1,"a":{"y":1,"x":1}}',
      '{"b":2,"a":{"y":2,"x":2}}',
      '{"a":{"x":3,"y":3},"b":3}',
      [
        { path: ['a', 'x'], base: 1, ours: 2, theirs: 3 },
        { path: ['a', 'y'], base: 1, ours: 2, theirs: 3 },
        { path: ['b'], base: 1, ours: 2, theirs: 3 },
      ],
    ],
  ])('keeps ours where it cannot decide between %s', (_, base, ours, theirs, conflicts) => {
    expect(merged(base, ours, theirs)).toEqual({ context: canonical(parsed(ours)), conflicts });
    expect(merged(base, theirs, ours)).toEqual({ context: canonical(parsed(theirs)), conflicts: swapped(conflicts) });
  });

  it('names a conflict about a member called __proto__ by its path', () => {
    const { conflicts } = merged('{}', '{"__proto__":{"x":1}}', '{"__proto__":{"x":2}}');
    expect(conflicts).toEqual([{ path: ['__proto__', 'x'], ours: 1, theirs: 2 }]);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  describe('of layouts', () => {
    const base = { panels: { a: {}, b: {} }, focus: 'a' };
    const row = (...ids: string[]) => ({ split: 'row', children: ids.map((panel) => ({ panel })) });
    const whole = (ours: Json, theirs: Json, from: Json = base) =>
      mergeContexts({ layout: from, x: 1 }, { layout: ours, x: 1 }, { layout: theirs, x: 2 });

    it.each<[string, Json, Json]>([
      [
        'a panel that one side removed and the other focused',
        { panels: { a: {} }, focus: 'a' },
        { ...base, focus: 'b' },
      ],
      [
        'a panel that one side removed and the other shows',
        { panels: { a: {} }, focus: 'a' },
        { ...base, root: row('b') },
      ],
      [
        'a focus in conflict, on a panel that the other side removed',
        { panels: { a: {}, b: {}, c: {} }, focus: 'b' },
        { panels: { a: {}, d: {} }, focus: 'd' },
      ],
    ])('takes one that no longer fits for a conflict as a whole: %s', (_, ours, theirs) => {
      expect(whole(ours, theirs)).toEqual({
        context: { layout: ours, x: 2 },
        conflicts: [{ path: ['layout'], base, ours, theirs }],
      });
      expect(whole(theirs, ours).conflicts).toEqual([{ path: ['layout'], base, ours: theirs, theirs: ours }]);
    });

    it('keeps small conflicts small where either choice fits', () => {
      const conflict = { path: ['layout', 'focus'], base: 'a', ours: 'b', theirs: 'c' };
      const from = { panels: { a: {}, b: {}, c: {} }, focus: 'a' };
      expect(whole({ ...from, focus: 'b' }, { ...from, focus: 'c' }, from).conflicts).toEqual([conflict]);
    });

    it('asks nothing of a layout when a side had none that is valid', () => {
      const ours = { panels: { a: {} }, focus: 'nowhere' };
      expect(whole(ours, { ...base, title: 't' })).toEqual({
        context: { layout: { ...ours, title: 't' }, x: 2 },
        conflicts: [],
      });
    });

    it('never gives one that is invalid where both were valid', () => {
      fc.assert(
        fc.property(layouts, layouts, layouts, (was, ours, theirs) => {
          const { context, conflicts } = mergeContexts({ layout: was }, { layout: ours }, { layout: theirs });
          fc.pre(layoutProblem(ours) === undefined && layoutProblem(theirs) === undefined);
          expect(contextProblem(context)).toBeUndefined();
          const other = mergeContexts({ layout: was }, { layout: theirs }, { layout: ours });
          expect(told(other.conflicts)).toEqual(told(swapped(conflicts)));
        }),
        { numRuns: 1000 },
      );
    });
  });

  it('gives the same when the sides are swapped, and where it conflicts, the same conflicts swapped', () => {
    fc.assert(
      fc.property(threeContexts, ({ base, ours, theirs }) => {
        const one = mergeContexts(base, ours, theirs);
        const other = mergeContexts(base, theirs, ours);
        expect(told(other.conflicts)).toEqual(told(swapped(one.conflicts)));
        if (one.conflicts.length === 0) expect(canonical(other.context)).toBe(canonical(one.context));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes the other side where one is unchanged, and a change that both made', () => {
    fc.assert(
      fc.property(contexts, contexts, (base, changed) => {
        for (const [ours, theirs] of [
          [base, changed],
          [changed, base],
          [changed, reversed(changed)],
        ] as JsonObject[][]) {
          const { context, conflicts } = mergeContexts(base, ours as JsonObject, theirs as JsonObject);
          expect([canonical(context), conflicts]).toEqual([canonical(changed), []]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(threeContexts, ({ base, ours, theirs }) => {
        const [b, o, t] = [base, ours, theirs].map(reversed) as [JsonObject, JsonObject, JsonObject];
        expect(JSON.stringify(told(mergeContexts(b, o, t).conflicts))).toBe(
          JSON.stringify(told(mergeContexts(base, ours, theirs).conflicts)),
        );
        expect(canonical(mergeContexts(b, o, t).context)).toBe(canonical(mergeContexts(base, ours, theirs).context));
      }),
      { numRuns: 500 },
    );
  });

  it('has at every path what a side has there, the buffer apart, and what one side alone changed', () => {
    fc.assert(
      fc.property(threeContexts, ({ base, ours, theirs }) => {
        const { context, conflicts } = mergeContexts(base, ours, theirs);
        if (conflicts.some(({ path }) => path.length === 1 && path[0] === 'layout')) return;
        expectExplained(context, base, ours, theirs, true);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives, with theirs at each conflict, what a merge the other way round gives', () => {
    fc.assert(
      fc.property(threeContexts, ({ base, ours, theirs }) => {
        const { context, conflicts } = mergeContexts(base, ours, theirs);
        const settled = conflicts.reduce<JsonObject>((made, { path, theirs: value = null }) => {
          // Removed first: a patch that sets an object merges it into what is there.
          const at = (leaf: Json) =>
            path.reduceRight<Json>((inner, name) => Object.fromEntries([[name, inner]]), leaf) as JsonObject;
          return applyMergePatch(applyMergePatch(made, at(null)), at(value)) as JsonObject;
        }, context);
        expect(canonical(settled)).toBe(canonical(mergeContexts(base, theirs, ours).context));
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves its arguments alone, and no prototype behind', () => {
    fc.assert(
      fc.property(threeContexts, ({ base, ours, theirs }) => {
        const before = JSON.stringify([base, ours, theirs]);
        mergeContexts(base, ours, theirs);
        expect(JSON.stringify([base, ours, theirs])).toBe(before);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
    );
  });
});

function expectExplained(value: Json, base: Json, ours: Json, theirs: Json, isTop = false): void {
  if (isEqual(ours, base)) expect(canonical(value ?? null)).toBe(canonical(theirs ?? null));
  else if (isEqual(theirs, base)) expect(canonical(value ?? null)).toBe(canonical(ours ?? null));
  else if (!isObject(ours) || !isObject(theirs)) expect(canonical(value ?? null)).toBe(canonical(ours ?? null));
  else {
    const keys = new Set([value, base, ours, theirs].flatMap((each) => (isObject(each) ? Object.keys(each) : [])));
    for (const key of keys) {
      if (isTop && key === 'buffer') continue;
      expectExplained(member(value, key), member(base, key), member(ours, key), member(theirs, key));
    }
  }
}
