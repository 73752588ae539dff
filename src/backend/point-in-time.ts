/** Sessions as they were: folds of the beginning of their journals, read in pages so that a long one blocks nobody. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Journal } from '../journal/journal.js';
import { ProtocolError } from '../protocol/errors.js';
import { EffectiveInputs } from '../session/effective-inputs.js';
import type { Entry } from '../session/entry.js';
import { fold, type SessionState, STATE_VERSION } from '../session/state.js';

/** Entries read at a time: some ms of work, also where a large context changed with each. */
const PAGE = 100;

/** A point that somebody asks for. */
export interface Point {
  readonly at?: number | undefined;
  /** ISO 8601, UTC, as entries write theirs. */
  readonly atTime?: string | undefined;
}

/** @returns the state that a checkpoint holds, if this version wrote it */
export function checkpointState(journal: Journal, session: string): SessionState | undefined {
  const checkpoint = journal.checkpoint(session);
  const state = checkpoint && (JSON.parse(checkpoint.state) as SessionState);
  // Folding nothing onto it makes its maps what a fold makes them, safe for names such as "constructor".
  return state?.version === STATE_VERSION ? fold([], state) : undefined;
}

/** Every entry up to a revision, in order. */
export async function* entriesUpTo(
  journal: Journal,
  session: string,
  revision: number,
  after = 0,
): AsyncGenerator<Entry> {
  for (let start = after; start < revision; start += PAGE) {
    for (const { entry } of journal.read(session, { after: start, upTo: Math.min(revision, start + PAGE) })) {
      yield entry;
    }
    await nextTurn();
  }
}

/** The session as it was at a revision. */
export async function stateAt(journal: Journal, session: string, revision: number): Promise<SessionState> {
  const kept = checkpointState(journal, session);
  let state = kept && kept.revision <= revision ? kept : undefined;
  for await (const entry of entriesUpTo(journal, session, revision, state?.revision)) state = fold([entry], state);
  return state as SessionState;
}

/** The inputs that made the session what it was at a revision. */
export async function inputsUpTo(journal: Journal, session: string, revision: number): Promise<EffectiveInputs> {
  const inputs = new EffectiveInputs();
  for await (const entry of entriesUpTo(journal, session, revision)) inputs.take(entry);
  return inputs;
}

/**
 * @returns the revision that is meant, undefined for the present one
 * @throws {ProtocolError} InvalidParameters when the session has no such point
 */
export function revisionOf(journal: Journal, state: SessionState, { at, atTime }: Point): number | undefined {
  if (at !== undefined && atTime !== undefined) {
    throw new ProtocolError('InvalidParameters', 'A revision or a time says which point is meant, not both');
  }
  if (atTime !== undefined) return revisionAtTime(journal, state, atTime);
  if (at === undefined) return undefined;
  if (at >= 1 && at <= state.revision) return at;
  throw new ProtocolError(
    'InvalidParameters',
    `The session ${state.name} has the revisions 1 to ${state.revision}; there is no ${at}`,
  );
}

/**
 * @returns the revision up to which to read for the state of the engine at a revision: what an evaluation changed is in
 *   the snapshots right behind its output, whose revision is the one that people know it by
 */
export function withSnapshotsBehind(journal: Journal, session: string, revision: number): number {
  for (let last = revision; ; last += 1) {
    const [next] = journal.read(session, { after: last, upTo: last + 1 });
    if (next?.entry.type !== 'snapshot') return last;
  }
}

/** @throws {ProtocolError} InvalidParameters before the session began, and where a clock went back over the time */
function revisionAtTime(journal: Journal, state: SessionState, time: string): number {
  const revision = state.timesAscend ? lastByHalving(journal, state, time) : onlyOne(journal, state, time);
  if (revision > 0) return revision;
  throw new ProtocolError(
    'InvalidParameters',
    `The session ${state.name} begins at ${state.createdAt}; it was not there at ${time}`,
  );
}

/** The last entry that is not later, of those in order of time; 0 for none. */
function lastByHalving(journal: Journal, { id, revision }: SessionState, time: string): number {
  let low = 0;
  let high = revision;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const [stored] = journal.read(id, { after: middle - 1, upTo: middle });
    if ((stored?.entry.time ?? '') <= time) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where a clock went back a time may have come twice, and only who was there knows which one is meant. */
function onlyOne(journal: Journal, state: SessionState, time: string): number {
  const { id, name, revision } = state;
  let [beforeLater, last] = [0, 0];
  for (let start = 0; start < revision; start += PAGE) {
    for (const { entry } of journal.read(id, { after: start, upTo: Math.min(revision, start + PAGE) })) {
      if (entry.time > time) continue;
      if (beforeLater === entry.seq - 1) beforeLater = entry.seq;
      last = entry.seq;
    }
  }
  if (beforeLater === last) return last;
  throw new ProtocolError(
    'InvalidParameters',
    `The clock went back while the session ${name} was in use: at ${time} it was at revision ${beforeLater} or ${last}; name one`,
    { revisions: [beforeLater, last] },
  );
}
