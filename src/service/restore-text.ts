/** What a restore brings back, in words: the same before it, as a plan, and after it, as a report. */
import { formatDuration } from '../cli/duration.js';
import type { Style } from '../cli/style.js';
import { type Column, table } from '../cli/table.js';
import { visibleLine } from '../cli/terminal-text.js';
import type { RestoreReport } from '../protocol/documents.js';
import type { RestoreDifference, RestoreOutcome } from './restore.js';
import { counted, formatBytes } from './session-text.js';
import { firstLine } from './source-line.js';

type Cost = RestoreReport['cost'];
type Fidelity = RestoreReport['bindings'][number]['fidelity'];

export function restoreText(outcome: RestoreOutcome, style: Style): string {
  const blocks = [
    `${heading(outcome)}\n${bindingCounts(outcome)}`,
    bindingTable('BINDING', outcome.bindings, style),
    bindingTable('CLASS', outcome.definitions, style),
    contextTable(outcome, style),
    inputTable(outcome, style),
    differenceTable(outcome.differences, style),
    [...remarks(outcome), `cost: ${costText(outcome.cost)}`].join('\n'),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

/** One line about a plan: `5 bindings, 2 classes, 14.0 KB`. */
export function planLine({ bindings, definitions, replayed, cost }: RestoreReport): string {
  const parts = [
    counted(bindings.length, 'binding'),
    definitions.length > 0 ? counted(definitions.length, 'class', 'classes') : '',
    formatBytes(cost.snapshotBytes),
    replayed.length > 0 ? `${counted(replayed.length, 'input')} to run again` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** `3 inputs run again, which took 1.2 s before` */
export function inputsAgain({ inputs, inputMs }: Cost): string {
  return `${counted(inputs, 'input')} ${inputs === 1 ? 'runs' : 'run'} again, which took ${formatDuration(inputMs)} before`;
}

function costText(cost: Cost): string {
  const parts = [
    cost.snapshots > 0 ? `${counted(cost.snapshots, 'snapshot')}, ${formatBytes(cost.snapshotBytes)}` : '',
    cost.inputs > 0 ? inputsAgain(cost) : '',
  ].filter((part) => part !== '');
  return parts.length > 0 ? parts.join('; ') : 'nothing to load and nothing to run';
}

function heading({ name, revision, plan, at, durationMs }: RestoreOutcome): string {
  const session = visibleLine(name);
  if (plan) {
    return at === null
      ? `A restore would bring back ${session} at revision ${revision}`
      : `A restore would take ${session} back to revision ${at}; it is at revision ${revision}`;
  }
  const took = `in ${formatDuration(durationMs)}`;
  return at === null
    ? `Restored ${session} at revision ${revision} ${took}`
    : `Took ${session} back to revision ${at} ${took}; that is its revision ${revision}`;
}

function bindingCounts({ bindings }: RestoreReport): string {
  const counts = (['live', 'snapshot', 'replayed', 'lost'] as const)
    .map((fidelity) => [bindings.filter((binding) => binding.fidelity === fidelity).length, fidelity] as const)
    .filter(([count]) => count > 0)
    .map(([count, fidelity]) => `${count} ${fidelity}`);
  return counts.length > 0 ? `bindings: ${counts.join(', ')}` : 'no bindings: there are none';
}

function bindingTable(title: string, reports: RestoreReport['bindings'], style: Style): string {
  return rowsOrNothing(
    reports,
    [
      { title, value: ({ name }) => name, maxWidth: 40 },
      { title: 'FIDELITY', value: ({ fidelity }) => fidelity, style: painted(style) },
      { title: 'WHY', value: ({ reason }) => reason },
    ],
    style,
  );
}

function contextTable({ context }: RestoreReport, style: Style): string {
  return rowsOrNothing(
    context,
    [
      { title: 'CONTEXT', value: ({ part }) => part, maxWidth: 40 },
      { title: 'FIDELITY', value: ({ fidelity }) => fidelity, style: painted(style) },
      { title: 'SIZE', value: ({ bytes }) => formatBytes(bytes) },
      { title: 'WHY', value: ({ reason }) => reason },
    ],
    style,
  );
}

function inputTable({ replayed, notReplayed }: RestoreReport, style: Style): string {
  const rows = [
    ...replayed.map((input) => ({ ...input, runs: 'yes' })),
    ...notReplayed.map((input) => ({ ...input, runs: input.redacted ? 'cannot: its code held secrets' : 'no' })),
  ].sort((a, b) => a.revision - b.revision);
  return rowsOrNothing(
    rows,
    [
      { title: 'INPUT', value: ({ revision }) => revision },
      { title: 'RUNS AGAIN', value: ({ runs }) => runs },
      { title: 'OUTCOME', value: ({ unknown }) => (unknown ? 'unknown' : 'known') },
      { title: 'CODE', value: ({ code }) => firstLine(code), maxWidth: 60 },
    ],
    style,
  );
}

function differenceTable(differences: readonly RestoreDifference[], style: Style): string {
  const shown = rowsOrNothing(
    differences,
    [
      { title: 'NAME', value: ({ kind, name }) => (kind === 'binding' ? name : `${name} (${kind})`), maxWidth: 40 },
      { title: 'PLANNED', value: ({ planned }) => planned ?? 'nothing' },
      { title: 'CAME BACK', value: ({ actual }) => actual ?? 'nothing' },
    ],
    style,
  );
  return shown === '' ? '' : `${style.bad('Otherwise than planned:')}\n${shown}`;
}

function remarks({ name, conflicts, notReplayed, strategy }: RestoreReport): string[] {
  const lines: string[] = [];
  const could = notReplayed.filter(({ redacted }) => !redacted).length;
  if (could > 0 && strategy !== 'replay') {
    lines.push(`Not run again: ${counted(could, 'input')}. To run ${could === 1 ? 'it' : 'them'}: --strategy replay`);
  }
  if (conflicts > 0) {
    lines.push(
      `${counted(conflicts, 'conflict')} open: "stui session conflicts ${visibleLine(name)}" shows what to decide`,
    );
  }
  return lines;
}

function painted(style: Style): (cell: string, row: { readonly fidelity: Fidelity }) => string {
  return (cell, { fidelity }) => (fidelity === 'lost' ? style.bad(cell) : style.good(cell));
}

function rowsOrNothing<R>(rows: readonly R[], columns: readonly Column<R>[], style: Style): string {
  return rows.length > 0 ? table(rows, columns, style) : '';
}
