/** What an append or an adoption would add to a session, decided before anything is written. */
import { chainHash } from '../session/chain.js';
import type { Entry, StoredEntry } from '../session/entry.js';
import type { Admission } from './admission.js';
import { after, BrokenLink, follow, type Position } from './chain-walk.js';
import { DamagedJournal, type Draft, RevisionConflict } from './journal.js';
import type { PackedSnapshot } from './snapshot-bytes.js';

/** Entries that follow a position, and the snapshots among them by revision. */
export interface Succession {
  readonly entries: readonly StoredEntry[];
  readonly blobs: ReadonlyMap<number, PackedSnapshot>;
}

/** Gives drafts their places. @throws {InvalidEntry} {DuplicateKey} as the rules of admission say */
export function place(
  at: Position,
  drafts: readonly Draft[],
  packed: ReadonlyMap<Draft, PackedSnapshot>,
  admission: Admission,
): Succession {
  const entries: StoredEntry[] = [];
  const blobs = new Map<number, PackedSnapshot>();
  let position = at;
  for (const draft of drafts) {
    const seq = position.revision + 1;
    const line = JSON.stringify({ seq, time: draft.time, client: draft.client, ...draft.body });
    const stored = { entry: JSON.parse(line) as Entry, line, hash: chainHash(position.head, line) };
    const blob = packed.get(draft);
    admission.admit(stored.entry, blob);
    if (blob) blobs.set(seq, blob);
    entries.push(stored);
    position = after(stored);
  }
  return { entries, blobs };
}

/**
 * Puts a copy that verified in itself after a position.
 * @throws {RevisionConflict} when it begins elsewhere
 * @throws {DamagedJournal} when it is of another history than the session's
 * @throws {InvalidEntry} {DuplicateKey} as the rules of admission say
 */
export function join(session: string, at: Position, copy: Succession, admission: Admission): Succession {
  const [first, ...rest] = copy.entries;
  if (!first) return copy;
  const entries = [continuation(session, at, first), ...rest];
  for (const { entry } of entries) admission.admit(entry, copy.blobs.get(entry.seq));
  return { entries, blobs: copy.blobs };
}

function continuation(session: string, at: Position, { entry, line, hash }: StoredEntry): StoredEntry {
  if (entry.seq !== at.revision + 1) throw new RevisionConflict(session, entry.seq - 1, at.revision);
  try {
    return follow(at, { seq: entry.seq, line, hash });
  } catch (error) {
    if (!(error instanceof BrokenLink)) throw error;
    const message = `The copy does not continue session ${session} after ${at.revision}: ${error.message}`;
    throw new DamagedJournal(session, at.revision, message);
  }
}
