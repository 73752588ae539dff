/** Sessions, restores and evaluations in words. */
import type { Style } from '../cli/style.js';
import { type Column, fields, table } from '../cli/table.js';
import { visible, visibleLine } from '../cli/terminal-text.js';
import type { RestoreReport, SessionSummary } from '../protocol/documents.js';
import type { Evaluation } from '../session/evaluation.js';
import type { DeliveredEntry } from './delivery.js';
import type { Waiting } from './evaluate.js';

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
      ['conflicts', session.conflicts || null],
      ['shared', session.shared === null ? 'all clients' : session.shared?.join(', ')],
      ['forked from', forkText(session.forkedFrom)],
      ['labels', labelText(session.labels)],
      ['size', formatBytes(session.bytes)],
      ['created', session.createdAt],
      ['updated', session.updatedAt],
      ['active', session.activeAt],
      ['expires', session.expiresAt],
      ['orphaned', session.orphaned ? 'none of its clients was seen for a long time' : null],
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
  const noted: Column<SessionSummary> = { title: 'NOTES', value: notesOn };
  return table(sessions, sessions.some((session) => notesOn(session) !== '') ? [...columns, noted] : columns, style);
}

/** What most sessions have nothing of. */
function notesOn({ conflicts, shared, orphaned }: SessionSummary): string {
  const sharing = sharedText(shared);
  const notes = [
    conflicts > 0 ? counted(conflicts, 'conflict') : '',
    sharing === null ? '' : `shared with ${sharing}`,
    orphaned ? 'orphaned' : '',
  ];
  return notes.filter((note) => note !== '').join(', ');
}

/** @returns null for a session that is its owner's alone, or was last seen by a stui that knew no sharing */
function sharedText(shared: SessionSummary['shared'] | undefined): string | null {
  if (shared === null) return 'all clients';
  return shared === undefined || shared.length === 0 ? null : counted(shared.length, 'client');
}

function forkText(from: SessionSummary['forkedFrom'] | undefined): string | null {
  return from ? `${from.name} (${from.session.slice(0, 8)}) at revision ${from.revision}` : null;
}

/** One line about a restore that an evaluation made necessary. */
export function restoreRemark(report: RestoreReport): string {
  const lost = report.bindings.filter(({ fidelity }) => fidelity === 'lost');
  const kept = report.bindings.length - lost.length;
  const remark = `stui: no engine was running; restored ${kept} binding${kept === 1 ? '' : 's'} from the journal`;
  return [remark, ...lost.map(({ name, reason }) => `stui: lost ${name}: ${reason}`)].join('\n');
}

/** One line about what an earlier command had left in the outbox. */
export function deliveryRemark({ key, outcome, reason }: DeliveredEntry): string {
  if (outcome === 'conflict') {
    return `stui: delivered ${key} from the outbox; others had changed ${reason} too: decide with "stui session conflicts"`;
  }
  if (outcome === 'refused') {
    return `stui: the backend refuses ${key} from the outbox: ${reason}; drop it with "stui outbox drop ${key}"`;
  }
  if (outcome === 'waiting') return `stui: ${key} waits in the outbox: ${reason}`;
  return `stui: delivered ${key} from the outbox${outcome === 'known' ? '; it had arrived before' : ''}`;
}

/** One line about an evaluation that was accepted and has no outcome yet. */
export function waitingRemark(key: string, { where, reason }: Waiting): string {
  const what =
    where === 'backend'
      ? 'the backend has accepted the evaluation, and it goes on. "stui result'
      : 'the evaluation is kept and will be delivered, once. Then "stui result';
  return `stui: ${visibleLine(reason)}; ${what} ${visibleLine(key)}" tells what became of it.`;
}

/** One line about an answer that nothing ran for, or nothing more than once. */
export function journalRemark({ key, time }: Evaluation): string {
  return `stui: answered from the journal: ${visibleLine(key)} was accepted at ${time}, and nothing runs twice under one key`;
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

/** `1 input`, `2 inputs`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
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
