/**
 * Reads the inputs of a session, with their outputs, from its journal. Unlike the history it tells which of them were
 * replays, and comes in pieces however large they are.
 */
import type { Entry } from '../session/entry.js';
import type { Workplace } from './workplace.js';

/** Entries of a journal that a backend is asked for at a time; it sends fewer when they are large. */
const PAGE = 5_000;

/** @returns the id of the session, and the entries up to its present revision. @throws {ProtocolError} SessionNotFound, AmbiguousSession, DamagedData */
export async function readInputs(
  workplace: Workplace,
  reference: string,
): Promise<{ session: string; entries: readonly Entry[] }> {
  const entries: Entry[] = [];
  let session = reference;
  let end = Number.POSITIVE_INFINITY;
  for (let after = 0; ; ) {
    const page = await workplace.ask('read_journal', { session_id: session, after, limit: PAGE });
    session = page.session;
    end = Math.min(end, page.revision);
    for (const line of page.lines) {
      const entry = JSON.parse(line) as Entry;
      after = entry.seq;
      if (entry.type === 'input' || entry.type === 'output' || entry.type === 'recorded') entries.push(entry);
    }
    if (page.lines.length === 0 || after >= end) return { session, entries };
  }
}
