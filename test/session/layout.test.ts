import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import * as v from 'valibot';
import type { Json } from '../../src/session/json.js';
import * as schemas from '../../src/session/layout.js';
import { layoutProblem, MAX_LAYOUT_DEPTH } from '../../src/session/layout.js';
import { parsed } from './contexts.js';
import { brokenLayouts, EDITOR, IMAGE, layouts, TMUX } from './layouts.js';

// Scripts are plain JavaScript without declarations.
const { renderLayoutSchema } = (await import('../../scripts/docs/layout-schema.mjs' as string)) as {
  renderLayoutSchema(from: typeof schemas): string;
};

const schema = renderLayoutSchema(schemas);
const isOfSchema = new Ajv2020({ strict: true }).compile(parsed<object>(schema));

/** A tree of so many levels, with one leaf. */
function nested(levels: number): Json {
  let node: Json = { panel: 'a' };
  for (let level = 1; level < levels; level++) node = { split: 'row', children: [node] };
  return { root: node };
}

const RIGHT: [string, string][] = [
  ['none', '{}'],
  ['without a tree', '{"panels": {"a": {}}, "focus": "a"}'],
  ['whose panels are the client’s own', '{"root": {"panel": "a"}, "focus": "b"}'],
  ['with a hidden panel', '{"panels": {"a": {}, "b": {"visible": false}}, "root": {"panel": "a"}}'],
  ['with a split of one', '{"root": {"split": "row", "sizes": [1], "children": [{"panel": "a"}]}}'],
  [
    'with panels called as objects call theirs',
    '{"panels": {"__proto__": {}, "constructor": {}}, "focus": "__proto__"}',
  ],
  ['with a panel without a name', '{"panels": {"": {}}, "root": {"panel": ""}, "focus": ""}'],
  ['with unknown members everywhere', '{"x": [null], "panels": {"a": {"x": 1}}, "root": {"panel": "a", "x": {}}}'],
  ['of tmux', JSON.stringify(TMUX)],
  ['of an editor', JSON.stringify(EDITOR)],
  ['of an image', JSON.stringify(IMAGE)],
];

const MISSHAPEN: [string, string][] = [
  ['"wide"', 'layout is not an object.'],
  ['[]', 'layout is not an object.'],
  ['null', 'layout is not an object.'],
  ['{"panels": []}', 'layout.panels is not an object.'],
  ['{"panels": {"a": []}}', 'layout.panels.a is not an object.'],
  ['{"panels": {"__proto__": 1}}', 'layout.panels.__proto__ is not an object.'],
  ['{"panels": {"a.b": {"kind": 1}}}', 'layout.panels.a\\.b.kind is not a text.'],
  ['{"panels": {"a": {"title": null}}}', 'layout.panels.a.title is not a text.'],
  ['{"panels": {"a": {"size": -1}}}', 'layout.panels.a.size is neither a number from 0 on nor a text.'],
  ['{"panels": {"a": {"size": 1e999}}}', 'layout.panels.a.size is neither a number from 0 on nor a text.'],
  ['{"panels": {"a": {"visible": 1}}}', 'layout.panels.a.visible is neither true nor false.'],
  ['{"focus": 1}', 'layout.focus is not a text.'],
  ['{"root": []}', 'layout.root is not an object.'],
  ['{"root": {}}', 'layout.root.split is missing.'],
  ['{"root": {"split": "row"}}', 'layout.root.children is missing.'],
  ['{"root": {"split": "tabs", "children": [{"panel": "a"}]}}', 'layout.root.split is neither row nor column.'],
  ['{"root": {"split": "row", "children": []}}', 'layout.root.children is empty.'],
  ['{"root": {"split": "row", "children": {}}}', 'layout.root.children is not an array.'],
  ['{"root": {"split": "row", "children": [{"panel": 1}]}}', 'layout.root.children.0.panel is not a text.'],
  ['{"root": {"split": "row", "children": ["a"]}}', 'layout.root.children.0 is not an object.'],
  ['{"root": {"split": "row", "sizes": 1, "children": [{"panel": "a"}]}}', 'layout.root.sizes is not an array.'],
  ['{"root": {"split": "row", "sizes": ["1"], "children": [{"panel": "a"}]}}', 'layout.root.sizes.0 is not a number.'],
  [
    '{"root": {"split": "row", "sizes": [0], "children": [{"panel": "a"}]}}',
    'layout.root.sizes.0 is not greater than 0.',
  ],
  ['{"root": {"panel": "a", "split": "row"}}', 'layout.root.split cannot stand beside panel.'],
  ['{"root": {"panel": "a", "children": []}}', 'layout.root.children cannot stand beside panel.'],
];

const MEANINGLESS: [string, string][] = [
  ['{"panels": {}, "focus": "a"}', 'layout.focus names "a", which is no panel.'],
  ['{"panels": {}, "focus": "__proto__"}', 'layout.focus names "__proto__", which is no panel.'],
  ['{"panels": {}, "root": {"panel": "toString"}}', 'layout.root.panel names "toString", which is no panel.'],
  [
    '{"panels": {"a": {}}, "root": {"split": "row", "children": [{"panel": "a"}, {"panel": "b"}]}}',
    'layout.root.children.1.panel names "b", which is no panel.',
  ],
  [
    '{"root": {"split": "row", "children": [{"panel": "a"}, {"split": "row", "children": [{"panel": "a"}]}]}}',
    'layout.root.children.1.children.0.panel shows "a" a second time.',
  ],
  [
    '{"root": {"split": "row", "sizes": [1, 2], "children": [{"panel": "a"}]}}',
    'layout.root.sizes has 2 sizes for 1 children.',
  ],
];

describe('layoutProblem', () => {
  it.each(RIGHT)('finds none in a layout %s', (_, json) => expect(layoutProblem(parsed(json))).toBeUndefined());

  it.each([...MISSHAPEN, ...MEANINGLESS])('of %s says: %s', (json, problem) => {
    expect(layoutProblem(parsed(json))).toBe(problem);
  });

  it('finds none in layouts that are right', () => {
    fc.assert(
      fc.property(layouts, (layout) => {
        fc.pre(Object.keys(layout).length > 0);
        expect(layoutProblem(layout)).toBeUndefined();
      }),
    );
  });

  it('says one sentence, with a path in the layout, whatever it is given', () => {
    fc.assert(
      fc.property(fc.oneof(brokenLayouts, fc.jsonValue()), (layout) => {
        expect(layoutProblem(layout) ?? 'layout is right.').toMatch(/^layout[^\n]* .*\.$/s);
      }),
      { numRuns: 1000 },
    );
  });

  it('lets nodes nest so deep and no deeper', () => {
    expect(layoutProblem(nested(MAX_LAYOUT_DEPTH))).toBeUndefined();
    const problem = `layout.root has more than ${MAX_LAYOUT_DEPTH} levels.`;
    expect(layoutProblem(nested(MAX_LAYOUT_DEPTH + 1))).toBe(problem);
    expect(layoutProblem(nested(1_000_000))).toBe(problem);
  });
});

describe('docs/layout.schema.json', () => {
  it('is what the schema says', () => {
    expect(readFileSync(new URL('../../docs/layout.schema.json', import.meta.url), 'utf8')).toBe(schema);
  });

  it.each([...RIGHT.map(([, json]) => json), ...MEANINGLESS.map(([json]) => json)])('takes %s', (json) => {
    expect([isOfSchema(parsed(json)), v.is(schemas.LayoutSchema, parsed(json))]).toEqual([true, true]);
  });

  it.each(MISSHAPEN.map(([json]) => json))('refuses %s', (json) => {
    expect([isOfSchema(parsed(json)), v.is(schemas.LayoutSchema, parsed(json))]).toEqual([false, false]);
  });

  it('finds of every layout what we find', () => {
    const verdicts = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(fc.oneof(layouts, brokenLayouts, fc.jsonValue()), (layout) => {
        const verdict = isOfSchema(layout);
        verdicts[verdict ? 'taken' : 'refused'] += 1;
        expect(v.is(schemas.LayoutSchema, layout)).toBe(verdict);
        if (!verdict) expect(layoutProblem(layout)).toBeDefined();
      }),
      { numRuns: 3000 },
    );
    expect(Math.min(verdicts.taken, verdicts.refused)).toBeGreaterThan(500);
  });
});
