/** Whether what a client has seen of a session is a part of the history that it has here. */
import type { Journal } from '../journal/journal.js';
import { ProtocolError } from '../protocol/errors.js';
import { GENESIS } from '../session/chain.js';
import type { SeenHistory } from '../session/seen-history.js';

/** @returns the chain hash at a revision; undefined where the session has none of that revision */
export function hashAt(journal: Journal, session: string, revision: number): string | undefined {
  if (revision === 0) return GENESIS;
  return journal.read(session, { after: revision - 1, limit: 1 })[0]?.hash;
}

export function isPartOf(journal: Journal, session: string, seen: SeenHistory): boolean {
  return hashAt(journal, session, seen.revision) === seen.hash;
}

/** @throws {ProtocolError} Diverged when it is not */
export function requireSameHistory(
  journal: Journal,
  { id, name, revision }: { readonly id: string; readonly name: string; readonly revision: number },
  seen: SeenHistory | undefined,
): void {
  if (seen === undefined || isPartOf(journal, id, seen)) return;
  throw new ProtocolError(
    'Diverged',
    `The session ${name} has another history than the one that was seen at revision ${seen.revision}`,
    { revision },
  );
}
