/** Checking a copy of another journal's entries before any of them is taken over. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Entry, StoredEntry } from '../session/entry.js';
import { after, BrokenLink, follow } from './chain-walk.js';
import { DamagedJournal } from './journal.js';
import { absent, type PackedSnapshot, packOffLoop } from './snapshot-bytes.js';
import type { Succession } from './succession.js';

/** Entries verified between two turns of the event loop: about 2 ms of hashing and parsing. */
const ENTRIES_A_TURN = 500;

/**
 * Verifies that the entries follow one another and that the snapshots that came along have the bytes their entries
 * describe. Whether the first one follows what the journal has can only be told when its turn has come.
 * @returns the entries, all but the first parsed again from the lines that were hashed, and the snapshots to store.
 * @throws {DamagedJournal} for what does not verify, naming the last revision that does
 */
export async function verifyCopy(
  session: string,
  copy: readonly StoredEntry[],
  bytes: ReadonlyMap<number, Uint8Array>,
): Promise<Succession> {
  const entries: StoredEntry[] = [];
  const blobs = new Map<number, PackedSnapshot>();
  for (const [index, given] of copy.entries()) {
    const before = entries[index - 1];
    const stored = before ? successor(session, before, given) : given;
    const snapshot = await packSnapshot(session, stored.entry, bytes);
    if (snapshot) blobs.set(stored.entry.seq, snapshot);
    entries.push(stored);
    if (index % ENTRIES_A_TURN === 0) await nextTurn();
  }
  return { entries, blobs };
}

function successor(session: string, before: StoredEntry, { entry, line, hash }: StoredEntry): StoredEntry {
  try {
    return follow(after(before), { seq: entry.seq, line, hash });
  } catch (error) {
    if (!(error instanceof BrokenLink)) throw error;
    throw new DamagedJournal(session, before.entry.seq, `The copy of session ${session} is damaged: ${error.message}`);
  }
}

async function packSnapshot(
  session: string,
  entry: Entry,
  blobs: ReadonlyMap<number, Uint8Array>,
): Promise<PackedSnapshot | undefined> {
  if (entry.type !== 'snapshot') return undefined;
  const bytes = blobs.get(entry.seq);
  if (!bytes) return absent(entry.digest, entry.bytes);
  const packed = await packOffLoop(bytes);
  if (packed.digest === entry.digest) return packed;
  const message = `The copy of session ${session} is damaged: the bytes of snapshot ${entry.seq} are not its own`;
  throw new DamagedJournal(session, entry.seq - 1, message);
}
