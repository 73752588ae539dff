/**
 * The panel layout in a workspace context: which panels there are, and how they share the screen. Terminal multiplexers,
 * editors and Smalltalk IDEs can all say theirs in it; what they know beyond it they keep beside, under keys of their own.
 */
import * as v from 'valibot';
import { formatPath } from './context-path.js';
import { isObject, type Json } from './json.js';
import { mapping } from './mapping.js';

/** Most levels of nodes, of which the root is the first: more than a screen shows, few enough to be drawn recursively. */
export const MAX_LAYOUT_DEPTH = 32;

export interface Layout {
  readonly panels?: Readonly<Record<string, Panel>>;
  readonly root?: LayoutNode;
  readonly focus?: string;
}

export interface Panel {
  readonly kind?: string;
  readonly title?: string;
  readonly size?: number | string;
  readonly visible?: boolean;
}

export type LayoutNode = PanelLeaf | Split;

export interface PanelLeaf {
  readonly panel: string;
}

export interface Split {
  readonly split: 'row' | 'column';
  readonly sizes?: readonly number[];
  readonly children: readonly LayoutNode[];
}

const text = v.string('is not a text');

/** An object of which `entries` are known. valibot takes an array for one that has none of them. */
function open<const E extends v.ObjectEntries>(entries: E) {
  return v.pipe(v.custom<object>(isObject, 'is not an object'), v.looseObject(entries, 'is missing'));
}

function described<const S extends v.GenericSchema>(schema: S, description: string) {
  return v.exactOptional(v.pipe(schema, v.description(description)));
}

const NO_SIZE = 'is neither a number from 0 on nor a text';
const size = v.union([v.pipe(v.number(), v.finite(NO_SIZE), v.minValue(0, NO_SIZE)), v.string()], NO_SIZE);

export const PanelSchema = open({
  kind: described(text, 'What it shows, such as editor, browser, inspector, transcript or terminal.'),
  title: described(text, 'What stands above it.'),
  size: described(size, "Its extent: a number in the client's own unit, or a text such as 30%."),
  visible: described(v.boolean('is neither true nor false'), 'False while it is hidden.'),
});

export const LeafSchema = open({
  panel: v.pipe(text, v.description('Id of the panel that is shown here.')),
  split: v.exactOptional(v.never('cannot stand beside panel')),
  children: v.exactOptional(v.never('cannot stand beside panel')),
});

const node: v.GenericSchema<unknown, object> = v.lazy((value) =>
  isObject(value) && Object.hasOwn(value, 'panel') ? LeafSchema : SplitSchema,
);

const weight = v.pipe(
  v.number('is not a number'),
  v.finite('is not a finite number'),
  v.gtValue(0, 'is not greater than 0'),
);

export const SplitSchema = open({
  split: v.pipe(
    v.picklist(['row', 'column'], 'is neither row nor column'),
    v.description('Whether the children stand side by side or below each other.'),
  ),
  sizes: described(
    v.array(weight, 'is not an array'),
    'Weights relative to each other, as many as there are children.',
  ),
  children: v.pipe(v.array(node, 'is not an array'), v.minLength(1, 'is empty')),
  panel: v.exactOptional(v.never('cannot stand beside split')),
});

const panels = v.pipe(
  v.custom<Readonly<Record<string, object>>>(isObject, 'is not an object'),
  mapping(v.string(), PanelSchema),
);

/** The shape alone: that ids name panels, and sizes fit, it cannot say. */
export const LayoutSchema = open({
  panels: described(panels, 'All panels, by ids that the client chooses.'),
  root: described(node, 'How the visible panels share the screen.'),
  focus: described(text, 'Id of the panel that has the focus.'),
});

/** @returns a sentence with the path of what is wrong, or undefined when nothing is. */
export function layoutProblem(layout: Json): string | undefined {
  // First, because the schema looks at nodes recursively.
  if (isDeeper(layout, MAX_LAYOUT_DEPTH)) return `layout.root has more than ${MAX_LAYOUT_DEPTH} levels.`;
  return shapeProblem(layout) ?? meaningProblem(layout as Layout);
}

function shapeProblem(layout: Json): string | undefined {
  const parsed = v.safeParse(LayoutSchema, layout, { abortEarly: true });
  if (parsed.success) return undefined;
  const [issue] = parsed.issues;
  return sentence(issue.path?.map((item) => String(item.key)) ?? [], issue.message);
}

function meaningProblem({ panels, root, focus }: Layout): string | undefined {
  const isUnknown = (id: string) => panels !== undefined && !Object.hasOwn(panels, id);
  const seen = new Set<string>();
  for (const { node, path } of root ? nodesBelow(root) : []) {
    if ('panel' in node) {
      if (isUnknown(node.panel)) return sentence([...path, 'panel'], `names ${quoted(node.panel)}, which is no panel`);
      if (seen.has(node.panel)) return sentence([...path, 'panel'], `shows ${quoted(node.panel)} a second time`);
      seen.add(node.panel);
    } else if (node.sizes && node.sizes.length !== node.children.length) {
      return sentence([...path, 'sizes'], `has ${node.sizes.length} sizes for ${node.children.length} children`);
    }
  }
  return focus !== undefined && isUnknown(focus)
    ? sentence(['focus'], `names ${quoted(focus)}, which is no panel`)
    : undefined;
}

/** In the order in which they are read. */
function* nodesBelow(
  node: LayoutNode,
  path: readonly string[] = ['root'],
): Iterable<{
  readonly node: LayoutNode;
  readonly path: readonly string[];
}> {
  yield { node, path };
  if ('panel' in node) return;
  for (const [index, child] of node.children.entries()) yield* nodesBelow(child, [...path, 'children', String(index)]);
}

function isDeeper(layout: Json, levels: number): boolean {
  let level = isObject(layout) ? [layout.root] : [];
  for (let depth = 0; depth < levels && level.length > 0; depth++) {
    level = level.flatMap((each) => (isObject(each) && Array.isArray(each.children) ? each.children : []));
  }
  return level.length > 0;
}

function sentence(path: readonly string[], problem: string): string {
  return `${formatPath(['layout', ...path])} ${problem}.`;
}

function quoted(id: string): string {
  return JSON.stringify(id);
}
