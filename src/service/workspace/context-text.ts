/** Workspace contexts in words: the buffer's beginning, the layout as a tree, preferences line by line, open conflicts. */
import type { Style } from '../../cli/style.js';
import { fields } from '../../cli/table.js';
import { visible, visibleLine } from '../../cli/terminal-text.js';
import type { Conflict } from '../../protocol/documents.js';
import { formatPath } from '../../session/context-path.js';
import { isObject, type Json, type JsonObject } from '../../session/json.js';
import type { Layout, LayoutNode, Panel } from '../../session/layout.js';
import { patchPlaces } from '../../session/patch-places.js';
import { conflictLine } from './conflict-text.js';

/** Lines of the buffer that are shown; `workspace get buffer` prints all of it. */
const BUFFER_LINES = 5;

const KNOWN_PARTS = ['buffer', 'layout', 'preferences'];

export function contextText(context: JsonObject, conflicts: readonly Conflict[], style: Style): string {
  const others = Object.fromEntries(Object.entries(context).filter(([part]) => !KNOWN_PARTS.includes(part)));
  const sections = [
    section('buffer', bufferText(context['buffer'], style), style),
    section('layout', layoutText(context['layout'], style), style),
    section('preferences', membersText(context['preferences'], style), style),
    section('other parts', membersText(others, style), style),
    section('conflicts', conflicts.map((conflict) => conflictLine(conflict, style)).join('\n'), style),
  ].filter((text) => text !== '');
  return sections.length > 0 ? sections.join('\n\n') : 'The workspace is empty.';
}

function section(title: string, text: string, style: Style): string {
  return text === '' ? '' : `${style.bold(title)}\n${text.replaceAll(/^/gm, '  ')}`;
}

function bufferText(buffer: Json | undefined, style: Style): string {
  if (typeof buffer !== 'string') return '';
  const lines = buffer.replace(/\n$/, '').split('\n');
  const count = style.dim(
    `${lines.length} line${lines.length === 1 ? '' : 's'}, ${buffer.length} character${buffer.length === 1 ? '' : 's'}`,
  );
  const shown = lines.slice(0, BUFFER_LINES).map((line) => visible(line));
  const more = lines.length > BUFFER_LINES ? [style.dim('…')] : [];
  return [count, ...shown, ...more].join('\n');
}

function layoutText(layout: Json | undefined, style: Style): string {
  if (!isObject(layout)) return '';
  const { panels = {}, root, focus, ...others } = layout as Layout & JsonObject;
  const shown = new Set<string>();
  const lines = root ? nodeLines(root, '', { panels, focus, shown, style }) : [];
  for (const id of Object.keys(panels)) {
    if (!shown.has(id)) lines.push(panelLine(id, '', { panels, focus, shown, style }, root ? 'not in the tree' : ''));
  }
  const rest = membersText(others, style);
  return [...lines, ...(rest === '' ? [] : [rest])].join('\n');
}

interface Tree {
  readonly panels: Readonly<Record<string, Panel>>;
  readonly focus: string | undefined;
  /** Panels that the tree has; filled on the way. */
  readonly shown: Set<string>;
  readonly style: Style;
}

function nodeLines(node: LayoutNode, indent: string, tree: Tree, weight = ''): string[] {
  if ('panel' in node) {
    tree.shown.add(node.panel);
    return [panelLine(node.panel, indent, tree, weight)];
  }
  const children = node.children.flatMap((child, index) => {
    const size = node.sizes?.[index];
    return nodeLines(child, `${indent}  `, tree, size === undefined ? '' : `weight ${size}`);
  });
  return [`${indent}${tree.style.dim(withDetails(node.split, [weight]))}`, ...children];
}

function panelLine(id: string, indent: string, { panels, focus, style }: Tree, remark: string): string {
  const { kind, title, size, visible: isVisible } = Object.hasOwn(panels, id) ? (panels[id] as Panel) : {};
  const details = [kind, title && `"${title}"`, size === undefined ? '' : `size ${size}`, remark];
  const hasFocus = id === focus;
  const marks = [isVisible === false ? 'hidden' : '', hasFocus ? 'focus' : ''];
  const name = (hasFocus ? style.good : style.name)(visibleLine(id));
  return `${indent}${name}${style.dim(visibleLine(withDetails('', [...details, ...marks])))}`;
}

function withDetails(text: string, details: readonly (string | undefined)[]): string {
  const present = details.filter((detail) => detail);
  return present.length > 0 ? `${text} (${present.join(', ')})` : text;
}

function membersText(part: Json | undefined, style: Style): string {
  if (!isObject(part)) return '';
  return fields(
    patchPlaces(part).map(({ path, value }) => [visibleLine(formatPath(path)), inline(value)] as const),
    style,
  );
}

function inline(value: Json): string {
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
}
