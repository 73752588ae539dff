/**
 * A journal that forgets: the contract written as plainly as possible, for tests of what stands on a journal, and as
 * the model the durable one is compared with. Shares no code with that one but the chain and the errors.
 */
import { createHash } from 'node:crypto';
import { InvalidEntry, JournalClosed } from '../../src/journal/errors.js';
import {
  type AppendOptions,
  type Checkpoint,
  DamagedJournal,
  type Draft,
  DuplicateKey,
  type Journal,
  type Repair,
  RevisionConflict,
  type SessionRow,
  type Verification,
} from '../../src/journal/journal.js';
import { chainHash, GENESIS } from '../../src/session/chain.js';
import type { Entry, StoredEntry } from '../../src/session/entry.js';

interface Log {
  readonly entries: StoredEntry[];
  readonly blobs: Map<number, Uint8Array>;
}

type Listener = Parameters<Journal['onCommit']>[0];

export class MemoryJournal implements Journal {
  readonly #logs = new Map<string, Log>();
  readonly #checkpoints = new Map<string, Checkpoint>();
  readonly #listeners = new Set<Listener>();
  #closed = false;

  async append(
    session: string,
    drafts: readonly Draft[],
    options: AppendOptions = {},
  ): Promise<readonly StoredEntry[]> {
    this.#mustBeOpen();
    const present = this.#logs.get(session);
    const log: Log = { entries: [...(present?.entries ?? [])], blobs: new Map(present?.blobs) };
    const before = log.entries.length;
    if (options.expectedRevision !== undefined && options.expectedRevision !== before) {
      throw new RevisionConflict(session, options.expectedRevision, before);
    }
    for (const { client, time, body, blob } of drafts) {
      const seq = log.entries.length + 1;
      const line = JSON.stringify({ seq, time, client, ...body });
      admit(session, log, JSON.parse(line) as Entry, blob, true);
      const hash = chainHash(log.entries.at(-1)?.hash ?? GENESIS, line);
      log.entries.push({ entry: JSON.parse(line) as Entry, line, hash });
      if (blob) log.blobs.set(seq, Uint8Array.from(blob));
    }
    return this.#keep(session, log, before);
  }

  async adopt(session: string, entries: readonly StoredEntry[], blobs: ReadonlyMap<number, Uint8Array>): Promise<void> {
    this.#mustBeOpen();
    const present = this.#logs.get(session);
    const log: Log = { entries: [...(present?.entries ?? [])], blobs: new Map(present?.blobs) };
    const before = log.entries.length;
    const start = (entries[0]?.entry.seq ?? before + 1) - 1;
    if (start !== before) throw new RevisionConflict(session, start, before);
    for (const { line, hash } of entries) {
      const entry = JSON.parse(line) as Entry;
      const last = log.entries.at(-1);
      if (entry.seq !== log.entries.length + 1 || chainHash(last?.hash ?? GENESIS, line) !== hash) {
        throw new DamagedJournal(session, log.entries.length, `Entry ${entry.seq} of the copy does not follow`);
      }
      const blob = blobs.get(entry.seq);
      if (blob && entry.type === 'snapshot' && sha256(blob) !== entry.digest) {
        throw new DamagedJournal(session, log.entries.length, `Snapshot ${entry.seq} of the copy is damaged`);
      }
      admit(session, log, entry, entry.type === 'snapshot' ? blob : undefined, false);
      log.entries.push({ entry, line, hash });
      if (blob && entry.type === 'snapshot') log.blobs.set(entry.seq, Uint8Array.from(blob));
    }
    this.#keep(session, log, before);
  }

  read(session: string, range: { after?: number; upTo?: number; limit?: number } = {}): readonly StoredEntry[] {
    this.#mustBeOpen();
    const { after = 0, upTo = Infinity, limit = Infinity } = range;
    const entries = this.#logs.get(session)?.entries ?? [];
    return entries.filter(({ entry }) => entry.seq > after && entry.seq <= Math.min(upTo, after + limit));
  }

  findByKey(key: string, session?: string): readonly { session: string; entries: readonly StoredEntry[] }[] {
    this.#mustBeOpen();
    return [...this.#logs]
      .filter(([id]) => session === undefined || id === session)
      .map(([id, { entries }]) => ({ session: id, entries: entries.filter(({ entry }) => keyOf(entry) === key) }))
      .filter(({ entries }) => entries.length > 0);
  }

  blob(session: string, seq: number): Uint8Array | undefined {
    this.#mustBeOpen();
    return this.#logs.get(session)?.blobs.get(seq);
  }

  session(id: string): SessionRow | undefined {
    return this.sessions().find((row) => row.id === id);
  }

  sessions(): readonly SessionRow[] {
    this.#mustBeOpen();
    return [...this.#logs].map(([id, { entries, blobs }]) => ({
      id,
      revision: entries.length,
      head: entries.at(-1)?.hash ?? GENESIS,
      bytes:
        entries.reduce((sum, { line }) => sum + Buffer.byteLength(line), 0) +
        [...blobs.values()].reduce((sum, blob) => sum + blob.length, 0),
    }));
  }

  checkpoint(session: string): Checkpoint | undefined {
    this.#mustBeOpen();
    const checkpoint = this.#checkpoints.get(session);
    const at = checkpoint && this.#logs.get(session)?.entries[checkpoint.revision - 1];
    return at && at.hash === checkpoint.hash ? checkpoint : undefined;
  }

  saveCheckpoint(session: string, checkpoint: Checkpoint): void {
    this.#checkpoints.set(session, checkpoint);
  }

  onCommit(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  verify(session: string): Verification {
    const { revision, head } = this.session(session) ?? { revision: 0, head: GENESIS };
    return { lastGood: revision, head, badSnapshots: [] };
  }

  async repair(session: string): Promise<Repair> {
    const { lastGood } = this.verify(session);
    return { session, lastGood, cut: 0, damage: null, badSnapshots: [], keptIn: null };
  }

  async remove(session: string): Promise<void> {
    this.#mustBeOpen();
    this.#logs.delete(session);
    this.#checkpoints.delete(session);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #keep(session: string, log: Log, before: number): readonly StoredEntry[] {
    const added = log.entries.slice(before);
    if (added.length === 0) return added;
    this.#logs.set(session, log);
    for (const listener of this.#listeners) listener(session, added);
    return added;
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new JournalClosed();
  }
}

/** @param blobRequired whether a snapshot must come with its bytes: a new one must, a copied one need not. */
function admit(session: string, log: Log, entry: Entry, blob: Uint8Array | undefined, blobRequired: boolean): void {
  const refuse = (why: string) => {
    throw new InvalidEntry(session, why);
  };
  if (entry.type === 'created' && entry.seq > 1) refuse('created twice');
  if (entry.type !== 'created' && entry.seq === 1) refuse('not created');
  const filed = log.entries.filter((stored) => keyOf(entry) !== undefined && keyOf(stored.entry) === keyOf(entry));
  if (entry.type === 'input' && filed.length > 0) throw new DuplicateKey(session, entry.key);
  if (entry.type === 'output' && filed.length === 0) refuse('an output without its input');
  if (entry.type === 'output' && filed.length > 1) refuse('a second output');
  if (entry.type !== 'snapshot' && blob) refuse('bytes without a snapshot');
  if (entry.type === 'snapshot' && blobRequired && !blob) refuse('a snapshot without bytes');
  if (entry.type === 'snapshot' && blob && (sha256(blob) !== entry.digest || blob.length !== entry.bytes)) {
    refuse('other bytes than the snapshot describes');
  }
}

function keyOf(entry: Entry): string | undefined {
  return entry.type === 'input' || entry.type === 'output' ? entry.key : undefined;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
