/** Layouts as clients have them, and such that are wrong somewhere. */
import fc from 'fast-check';
import type { Json, JsonObject } from '../../src/session/json.js';
import { hostileName } from './entries.js';

/** tmux counts in character cells, and nests panes in windows. */
export const TMUX = {
  panels: { '%0': { kind: 'terminal', title: 'vim' }, '%1': { kind: 'terminal' }, '%2': { kind: 'terminal' } },
  root: {
    split: 'row',
    sizes: [80, 79],
    children: [{ panel: '%0' }, { split: 'column', sizes: [20, 19], children: [{ panel: '%1' }, { panel: '%2' }] }],
  },
  focus: '%1',
  'tmux.window': { name: 'work', layout: 'b25d,160x40,0,0{80x40,0,0,0,79x40,81,0[79x20,81,0,1,79x19,81,21,2]}' },
};

/** An editor hides panels, and keeps how wide they were. */
export const EDITOR = {
  panels: {
    'workbench.view.explorer': { kind: 'browser', title: 'Explorer', size: 300, visible: true },
    'workbench.panel.terminal': { kind: 'terminal', size: '30%', visible: false, position: 'bottom' },
    'editor.1': { kind: 'editor', tabs: ['a.st', 'b.st'], active: 1 },
  },
  root: { split: 'row', sizes: [0.2, 0.8], children: [{ panel: 'workbench.view.explorer' }, { panel: 'editor.1' }] },
  focus: 'editor.1',
};

/** Windows of an image overlap: nothing is split, and where they are is the client's own. */
export const IMAGE = {
  panels: {
    browser: { kind: 'browser', title: 'Integer>>factorial', bounds: [10, 10, 600, 400], minimized: false },
    transcript: { kind: 'transcript', bounds: null, z: [2, null] },
  },
  focus: 'browser',
  world: { color: 'gray' },
};

/** @returns a tree whose leaves are the panels, in any nesting, some of them left out. */
function tree(panels: readonly string[]): fc.Arbitrary<Json> {
  if (panels.length === 1) return fc.constant({ panel: panels[0] });
  return fc
    .nat(panels.length - 2)
    .chain((cut) =>
      fc
        .tuple(
          fc.constantFrom('row', 'column'),
          fc.option(fc.constantFrom([1, 2], [0.3, 0.7]), { nil: undefined }),
          tree(panels.slice(0, cut + 1)),
          tree(panels.slice(cut + 1)),
        )
        .map(([split, sizes, left, right]) => ({ split, ...(sizes ? { sizes } : {}), children: [left, right] })),
    );
}

const panel = fc.record(
  {
    kind: fc.string(),
    title: fc.string(),
    size: fc.constantFrom(0, 12.5, '30%'),
    visible: fc.boolean(),
    own: fc.constant([null]),
  },
  { requiredKeys: [] },
);

/** Layouts in which all is right. */
export const layouts: fc.Arbitrary<JsonObject> = fc
  .uniqueArray(hostileName, { minLength: 1, maxLength: 6 })
  .chain((ids) =>
    fc.record(
      {
        panels: fc
          .array(panel, { minLength: ids.length, maxLength: ids.length })
          .map((all) => Object.fromEntries(ids.map((id, index) => [id, all[index]]))),
        root: tree(ids),
        focus: fc.constantFrom(...ids),
        own: fc.constant({ deep: 1 }),
      },
      { requiredKeys: [] },
    ),
  )
  .map((layout) => JSON.parse(JSON.stringify(layout)) as JsonObject);

const stray = fc.constantFrom<Json>(
  null,
  true,
  -1,
  0,
  1,
  '',
  'row',
  'x',
  [],
  [1],
  [0],
  [{ panel: 'x' }],
  {},
  {
    panel: 'x',
  },
);
const name = fc.constantFrom(
  'panels',
  'root',
  'focus',
  'panel',
  'split',
  'sizes',
  'children',
  'kind',
  'size',
  'visible',
  '__proto__',
  'own',
);

/** Layouts in which some values were replaced, or members added, anywhere. */
export const brokenLayouts: fc.Arbitrary<Json> = fc
  .tuple(layouts, fc.array(fc.tuple(fc.nat(), name, stray), { minLength: 1, maxLength: 3 }))
  .map(([layout, changes]) => {
    const copy = { layout: structuredClone(layout) as Json };
    for (const [at, key, value] of changes) {
      const places = placesIn(copy);
      const [holder, member] = places[at % places.length] as [Record<string, Json>, string];
      const there = holder[member];
      const replaces = at % 2 === 0 || typeof there !== 'object' || there === null;
      const [target, slot] = replaces ? [holder, member] : [there as Record<string, Json>, key];
      Object.defineProperty(target, slot, {
        value: structuredClone(value),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return JSON.parse(JSON.stringify(copy.layout)) as Json;
  });

function placesIn(value: Json): [object, string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[value, key] as [object, string], ...placesIn(inner)]);
}
