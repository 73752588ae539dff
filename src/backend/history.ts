/** Reads a session's evaluations from the end of its journal, a page at a time, so that the newest come fast. */
import type { Journal } from '../journal/journal.js';
import type { Entry } from '../session/entry.js';
import { type Evaluation, evaluationOf } from '../session/evaluation.js';

export interface HistoryQuery {
  readonly limit?: number;
  readonly before?: number;
  readonly grep?: string;
  readonly since?: string;
}

/** Entries read at a time: a few ms of work. */
const PAGE = 500;

/** Evaluations answered when the caller does not say. */
const DEFAULT_LIMIT = 100;

/** @returns the newest matching evaluations, oldest first, and whether older ones match too */
export function readHistory(
  journal: Journal,
  session: string,
  query: HistoryQuery,
): { evaluations: Evaluation[]; more: boolean } {
  const limit = query.limit ?? DEFAULT_LIMIT;
  const needle = query.grep?.toLowerCase();
  const outputs = new Map<string, Entry & { type: 'output' }>();
  const found: Evaluation[] = [];
  let end = journal.session(session)?.revision ?? 0;
  while (end > 0) {
    const start = Math.max(0, end - PAGE);
    for (const { entry } of journal.read(session, { after: start, upTo: end }).toReversed()) {
      if (entry.type === 'output') outputs.set(entry.key, entry);
      if (entry.type !== 'input') continue;
      const output = outputs.get(entry.key);
      outputs.delete(entry.key);
      if (query.since !== undefined && entry.time < query.since) return { evaluations: found.reverse(), more: false };
      if (query.before !== undefined && entry.seq >= query.before) continue;
      if (needle !== undefined && !entry.code.toLowerCase().includes(needle)) continue;
      if (found.length === limit) return { evaluations: found.reverse(), more: true };
      found.push(evaluationOf(session, entry, output));
    }
    end = start;
  }
  return { evaluations: found.reverse(), more: false };
}
