/** How two sessions differ, as a person reads it. */
import type { Style } from '../cli/style.js';
import { cut, visibleLine } from '../cli/terminal-text.js';
import type { Comparison } from './diff.js';
import { firstLine } from './source-line.js';

type BindingDifference = Comparison['bindings'][number];
type ContextDifference = Comparison['context'][number];
type Input = Comparison['onlyInA'][number];
type Paint = (text: string) => string;

/** Columns of a value in a line about it. */
const VALUE_WIDTH = 80;

export function diffText(diff: Comparison, style: Style): string {
  const { a, b, common } = diff;
  const blocks = [
    [
      `a: ${sideText(a)}`,
      `b: ${sideText(b)}`,
      common > 0 ? `in common up to revision ${common}` : 'they have no history in common',
      ...(diff.same ? ['They do not differ.'] : []),
    ],
    titled(
      'bindings',
      diff.bindings.flatMap((difference) => bindingLines(difference, style)),
      style,
    ),
    titled(
      'context',
      diff.context.flatMap((difference) => contextLines(difference, style)),
      style,
    ),
    titled(
      'inputs only in a',
      diff.onlyInA.map((input) => inputLine(input, '-', style.bad)),
      style,
    ),
    titled(
      'inputs only in b',
      diff.onlyInB.map((input) => inputLine(input, '+', style.good)),
      style,
    ),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function sideText({ name, session, revision }: Comparison['a']): string {
  return `${visibleLine(name)} (${session.slice(0, 8)}) at revision ${revision}`;
}

function titled(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [] : [style.bold(title), ...lines];
}

function bindingLines({ name, change, a, b }: BindingDifference, style: Style): string[] {
  switch (change) {
    case 'added':
      return [style.good(`+ ${visibleLine(name)}: ${printString(b)}`)];
    case 'removed':
      return [style.bad(`- ${visibleLine(name)}: ${printString(a)}`)];
    case 'changed':
      return [style.warn(`~ ${visibleLine(name)}: ${printString(a)} -> ${printString(b)}`)];
  }
}

function contextLines({ path, before, after, lines }: ContextDifference, style: Style): string[] {
  const place = visibleLine(path.join('.'));
  if (lines !== undefined) return [place, ...lines.map(({ op, line }) => textLine(op, line, style))];
  if (before === undefined) return [style.good(`+ ${place}: ${json(after)}`)];
  if (after === undefined) return [style.bad(`- ${place}: ${json(before)}`)];
  return [style.warn(`~ ${place}: ${json(before)} -> ${json(after)}`)];
}

function textLine(op: ' ' | '+' | '-', line: string, style: Style): string {
  const text = `  ${op}${visibleLine(line)}`;
  if (op === ' ') return style.dim(text);
  return op === '+' ? style.good(text) : style.bad(text);
}

function inputLine({ revision, code }: Input, sign: '+' | '-', paint: Paint): string {
  return paint(`${sign} ${String(revision).padStart(6)}  ${short(firstLine(code))}`);
}

function printString(text: string | null): string {
  return text === null ? '(not known)' : short(text);
}

function json(value: unknown): string {
  return short(JSON.stringify(value));
}

function short(text: string): string {
  return cut(visibleLine(text), VALUE_WIDTH);
}
