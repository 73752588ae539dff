/** Reads evaluations as people ask for them: of one session or of all, by what was typed, when, how it ended and where. */
import type { Evaluation } from '../session/evaluation.js';
import type { RevisionRange } from '../session/revision-range.js';
import type { Workplace } from './workplace.js';

export interface HistoryRequest {
  /** Session reference; undefined for all sessions. */
  readonly session: string | undefined;
  /** At most this many, the newest ones; all there are when not given. */
  readonly limit?: number | undefined;
  readonly grep?: string | undefined;
  /** ISO 8601, UTC. */
  readonly since?: string | undefined;
  readonly failed?: boolean | undefined;
  /** Of the revisions that evaluations are shown with: those of their outputs. Only within one session. */
  readonly range?: RevisionRange | undefined;
}

export interface History {
  /** Session id; null where all sessions were searched. */
  readonly session: string | null;
  /** Oldest first. */
  readonly evaluations: readonly Evaluation[];
  /** Older ones match too. */
  readonly more: boolean;
}

type Filter = Pick<HistoryRequest, 'grep' | 'since' | 'failed'>;

/** The most that a backend puts into one answer. */
const MOST = 10_000;

/** Evaluations asked for at a time where a range decides which of them count. */
const PAGE = 500;

/** @throws {ProtocolError} SessionNotFound, AmbiguousSession, DamagedData */
export async function readHistory(workplace: Workplace, request: HistoryRequest): Promise<History> {
  const { session, range, limit = MOST, grep, since, failed } = request;
  const filter = { grep, since, failed };
  if (session === undefined || range === undefined) {
    return workplace.ask('read_history', { session_id: session, limit, ...filter });
  }
  const bounds = 'last' in range ? await boundsOfLast(workplace, session, range.last) : range;
  return readRange(workplace, session, { ...bounds, limit, filter });
}

/** Where the last evaluations of a session are, whatever is searched for among them. */
async function boundsOfLast(workplace: Workplace, session: string, count: number) {
  const { evaluations } = await workplace.ask('read_history', { session_id: session, limit: Math.min(count, MOST) });
  const from = Math.min(...evaluations.map(({ revision }) => revision));
  return { from, to: Number.POSITIVE_INFINITY };
}

/** A backend counts by inputs, whose outputs may lie behind the end of the range, or alone in it. */
async function readRange(
  workplace: Workplace,
  reference: string,
  { from, to, limit, filter }: { from: number; to: number; limit: number; filter: Filter },
): Promise<History> {
  const found: Evaluation[] = [];
  const seen = new Set<string>();
  let before = Number.isSafeInteger(to + 1) ? to + 1 : undefined;
  for (let size = PAGE; ; ) {
    const page = await workplace.ask('read_history', { session_id: reference, limit: size, before, ...filter });
    const fresh = page.evaluations.filter((evaluation) => !seen.has(identity(evaluation)));
    for (const evaluation of fresh) seen.add(identity(evaluation));
    const within = fresh.filter(({ revision }) => revision >= from && revision <= to);
    found.unshift(...within);
    // Where many inputs waited together, those below the lowest output may all be known.
    const isStuck = fresh.length === 0 && size === MOST;
    const isBelow = fresh.length > 0 && fresh.every(({ revision }) => revision < from);
    const isOver = !page.more || isStuck || isBelow;
    if (isOver || found.length > limit) {
      return { session: page.session, evaluations: found.slice(-limit), more: found.length > limit };
    }
    if (fresh.length === 0) size = Math.min(MOST, 2 * size);
    else before = Math.min(...fresh.map(({ revision }) => revision));
  }
}

/** Inputs from history files have no key, and never another revision. */
function identity({ key, revision }: Evaluation): string {
  return key === '' ? `${revision}` : `key ${key}`;
}
