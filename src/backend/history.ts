/** Reads evaluations from the end of journals, a page at a time, so that the newest come fast and nobody waits for the rest. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Journal } from '../journal/journal.js';
import type { Entry } from '../session/entry.js';
import { type Evaluation, evaluationOf, recordedInput } from '../session/evaluation.js';
import type { SessionState } from '../session/state.js';

/** A session to read from. */
export type Readable = Pick<SessionState, 'id' | 'timesAscend'>;

export interface HistoryQuery {
  readonly limit?: number;
  /** Only inputs at or above the first and below the second of these revisions. */
  readonly from?: number;
  readonly before?: number;
  readonly grep?: string;
  readonly since?: string;
  readonly failed?: boolean;
}

/** Entries read at a time: a few ms of work. */
const PAGE = 500;

/** Evaluations answered when the caller does not say. */
const DEFAULT_LIMIT = 100;

/** @returns the newest matching evaluations of all the sessions, oldest first, and whether older ones match too */
export async function readHistory(
  journal: Journal,
  sessions: readonly Readable[],
  query: HistoryQuery,
): Promise<{ evaluations: Evaluation[]; more: boolean }> {
  const limit = query.limit ?? DEFAULT_LIMIT;
  const found: Evaluation[] = [];
  for (const session of sessions) {
    for (const evaluation of await newestFirst(journal, session, query, limit + 1)) found.push(evaluation);
  }
  if (sessions.length > 1) found.sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0));
  return { evaluations: found.slice(0, limit).reverse(), more: found.length > limit };
}

async function newestFirst(
  journal: Journal,
  { id: session, timesAscend }: Readable,
  query: HistoryQuery,
  limit: number,
): Promise<Evaluation[]> {
  const matches = matcher(query);
  const outputs = new Map<string, Entry & { type: 'output' }>();
  const found: Evaluation[] = [];
  const lowest = query.from ?? 0;
  for (let end = journal.session(session)?.revision ?? 0; end >= Math.max(1, lowest); end -= PAGE) {
    const start = Math.max(0, end - PAGE);
    for (const { entry } of journal.read(session, { after: start, upTo: end }).toReversed()) {
      if (entry.type === 'output') outputs.set(entry.key, entry);
      if (entry.type !== 'input' && entry.type !== 'recorded') continue;
      // Where a clock went back, what stands before may be later. Inputs from a history file stand where they were brought in.
      const isBefore = query.since !== undefined && entry.time < query.since;
      if (isBefore && timesAscend && entry.type === 'input') return found;
      const evaluation =
        entry.type === 'recorded'
          ? recordedInput(session, entry)
          : evaluationOf(session, entry, outputs.get(entry.key));
      if (entry.type === 'input') outputs.delete(entry.key);
      if (entry.seq < lowest || (query.before !== undefined && entry.seq >= query.before)) continue;
      if (!matches(evaluation)) continue;
      found.push(evaluation);
      if (found.length === limit) return found;
    }
    await nextTurn();
  }
  return found;
}

/** Outcomes of an evaluation that ran, or may have, and gave no value. */
const FAILED: readonly Evaluation['outcome'][] = ['error', 'interrupted', 'unknown'];

function matcher({ grep, since, failed }: HistoryQuery): (evaluation: Evaluation) => boolean {
  const needle = grep?.toLowerCase();
  return ({ code, time, outcome }) =>
    (needle === undefined || code.toLowerCase().includes(needle)) &&
    (since === undefined || time >= since) &&
    (!failed || FAILED.includes(outcome));
}
