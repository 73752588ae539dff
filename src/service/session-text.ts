/** Sessions, restores and evaluations in words. */
import { formatDuration } from '../cli/duration.js';
import type { Style } from '../cli/style.js';
import { type Column, fields, table } from '../cli/table.js';
import { visible, visibleLine } from '../cli/terminal-text.js';
import type { RestoreReport, SessionSummary } from '../protocol/documents.js';
import type { Evaluation } from '../session/evaluation.js';
import type { DeliveredEntry } from './delivery.js';

/** One session, all of it. */
export function sessionFields(session: SessionSummary, style: Style): string {
  return fields(
    [
      ['name', session.name],
      ['id', session.id],
      ['state', session.closedBecause ? `closed (${session.closedBecause})` : session.state],
      ['revision', session.revision],
      ['engine', `${session.engine} (${session.engineState === 'none' ? 'not running' : session.engineState})`],
      ['evaluations', `${session.evaluations}${session.errors > 0 ? `, ${session.errors} without a value` : ''}`],
      ['pending', session.pending || null],
      ['bindings', session.bindings],
      ['labels', labelText(session.labels)],
      ['size', formatBytes(session.bytes)],
      ['created', session.createdAt],
      ['updated', session.updatedAt],
      ['expires', session.expiresAt],
    ],
    style,
  );
}

export function sessionTable(sessions: readonly SessionSummary[], currentId: string | undefined, style: Style): string {
  const columns: Column<SessionSummary>[] = [
    { title: '', value: ({ id }) => (id === currentId ? '*' : '') },
    { title: 'NAME', value: ({ name }) => name, maxWidth: 40, style: style.name },
    { title: 'ID', value: ({ id }) => id.slice(0, 8) },
    { title: 'STATE', value: ({ state, engineState }) => (state === 'open' ? openState(engineState) : state) },
    { title: 'REVISION', value: ({ revision }) => revision },
    { title: 'BINDINGS', value: ({ bindings }) => bindings },
    { title: 'UPDATED', value: ({ updatedAt }) => updatedAt },
    { title: 'LABELS', value: ({ labels }) => labelText(labels), maxWidth: 40 },
  ];
  return table(sessions, columns, style);
}

/** What a restore brought back, or would bring back. */
export function restoreText(report: RestoreReport, style: Style): string {
  const counts = (['live', 'snapshot', 'replayed', 'lost'] as const)
    .map((fidelity) => [report.bindings.filter((binding) => binding.fidelity === fidelity).length, fidelity] as const)
    .filter(([count]) => count > 0)
    .map(([count, fidelity]) => `${count} ${fidelity}`);
  const verb = report.plan ? 'A restore would bring back' : 'Restored';
  const what = counts.length > 0 ? `bindings: ${counts.join(', ')}` : 'no bindings: there are none';
  const took = report.plan ? '' : ` in ${formatDuration(report.durationMs)}`;
  const lines = [`${verb} ${visibleLine(report.name)} at revision ${report.revision}${took}`, what];
  if (report.bindings.length > 0) {
    const columns: Column<RestoreReport['bindings'][number]>[] = [
      { title: 'BINDING', value: ({ name }) => name, maxWidth: 40 },
      {
        title: 'FIDELITY',
        value: ({ fidelity }) => fidelity,
        style: (cell, { fidelity }) => (fidelity === 'lost' ? style.bad(cell) : style.good(cell)),
      },
      { title: 'WHY', value: ({ reason }) => reason },
    ];
    lines.push('', table(report.bindings, columns, style));
  }
  if (report.classes.length > 0) lines.push('', `classes: ${report.classes.map(visibleLine).join(', ')}`);
  if (report.notReplayed.length > 0) {
    const inputs = report.notReplayed.map(({ revision }) => revision).join(', ');
    lines.push(
      '',
      `Not run again: input ${inputs}. To run ${report.notReplayed.length === 1 ? 'it' : 'them'}: --replay`,
    );
  }
  return lines.join('\n');
}

/** One line about a restore that an evaluation made necessary. */
export function restoreRemark(report: RestoreReport): string {
  const lost = report.bindings.filter(({ fidelity }) => fidelity === 'lost');
  const kept = report.bindings.length - lost.length;
  const remark = `stui: no engine was running; restored ${kept} binding${kept === 1 ? '' : 's'} from the journal`;
  return [remark, ...lost.map(({ name, reason }) => `stui: lost ${name}: ${reason}`)].join('\n');
}

/** One line about an evaluation that an earlier command had left in the outbox. */
export function deliveryRemark({ key, outcome, reason }: DeliveredEntry): string {
  if (outcome === 'refused')
    return `stui: the backend refuses ${key} from the outbox: ${reason}; drop it with "stui outbox drop ${key}"`;
  return `stui: delivered ${key} from the outbox${outcome === 'known' ? '; it had arrived before' : ''}`;
}

/** What the code wrote, then its value, for stdout. */
export function evaluationText({ transcript, printString }: Evaluation): string {
  const written = visible(transcript);
  if (printString === null) return written;
  return `${written}${written === '' || written.endsWith('\n') ? '' : '\n'}${visible(printString)}`;
}

/** Why an evaluation has no value, for stderr. */
export function evaluationFailure(evaluation: Evaluation, style: Style): string {
  const { error, outcome } = evaluation;
  const where =
    error?.line === undefined
      ? ''
      : ` (line ${error.line}${error.column === undefined ? '' : `, column ${error.column}`})`;
  const what = error ? `${visible(error.class)}: ${visible(error.message)}${where}` : outcome;
  const stack = (error?.stack ?? []).map((frame) => style.dim(`  ${visibleLine(frame)}`));
  return [`${style.bad(outcome === 'error' ? '' : `${outcome}: `)}${style.bad(what)}`, ...stack].join('\n');
}

/** @param names of sessions by id, where the evaluations are of several */
export function historyTable(
  evaluations: readonly Evaluation[],
  style: Style,
  names: ReadonlyMap<string, string> | null = null,
): string {
  const whose: Column<Evaluation> = {
    title: 'SESSION',
    value: ({ session }) => names?.get(session) ?? session.slice(0, 8),
    maxWidth: 40,
    style: style.name,
  };
  const columns: Column<Evaluation>[] = [
    ...(names ? [whose] : []),
    { title: 'REVISION', value: ({ revision }) => revision },
    { title: 'TIME', value: ({ time }) => time },
    { title: 'OUTCOME', value: ({ outcome }) => outcome },
    { title: 'CODE', value: ({ code }) => code.trim(), maxWidth: 60 },
    {
      title: 'RESULT',
      value: ({ printString, error }) => printString ?? (error ? `${error.class}: ${error.message}` : ''),
      maxWidth: 60,
    },
  ];
  return table(evaluations, columns, style);
}

export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function openState(engineState: SessionSummary['engineState']): string {
  return engineState === 'none' ? 'open' : `open, ${engineState}`;
}
