/** Where each session stands: committed, and as the present transaction would leave it. */
import type { StoredEntry } from '../session/entry.js';
import { Admission, type Filed } from './admission.js';
import { after, BEGINNING, type Position } from './chain-walk.js';
import type { Acknowledged, CommitMark } from './commit-mark.js';
import type { Transaction } from './commit-queue.js';
import type { History } from './history.js';
import type { Checkpoint } from './journal.js';
import type { Connection } from './sqlite-file.js';
import type { SessionRecord, Tables } from './sqlite-tables.js';
import type { Succession } from './succession.js';

/** Told of a commit. */
export type Listener = (session: string, entries: readonly StoredEntry[]) => void;

export class Ledger implements Transaction {
  readonly #committed = new Map<string, SessionRecord>();
  /** Nothing stands for a session that the transaction removes. */
  readonly #staged = new Map<string, SessionRecord | undefined>();
  readonly #grown = new Map<string, StoredEntry[]>();
  readonly #checkpoints = new Map<string, Checkpoint>();
  readonly #listeners = new Set<Listener>();
  /** Whether the transaction takes away what was acknowledged. */
  #removes = false;
  /** What the transaction added last. */
  #newest: Acknowledged | undefined;
  #nextNumber = 1;

  constructor(
    private readonly connection: Connection,
    private readonly tables: Tables,
    private readonly mark: CommitMark,
    private readonly history: Pick<History, 'forget' | 'forgetAll'>,
    private readonly filed: (record: SessionRecord, key: string) => Filed,
  ) {}

  /** Takes in a session that opening found. */
  load(record: SessionRecord): void {
    this.#committed.set(record.id, record);
    this.#nextNumber = Math.max(this.#nextNumber, record.no + 1);
  }

  committed(session: string): SessionRecord | undefined {
    return this.#committed.get(session);
  }

  /** Oldest first. */
  all(): SessionRecord[] {
    return [...this.#committed.values()];
  }

  /** The session as the present transaction would leave it. */
  present(session: string): SessionRecord | undefined {
    return this.#staged.has(session) ? this.#staged.get(session) : this.#committed.get(session);
  }

  /** Where an entry decided now would follow. */
  position(session: string): Position {
    return this.present(session) ?? BEGINNING;
  }

  /** The rules, as far as this session goes now. */
  admission(session: string): Admission {
    const record = this.present(session);
    return new Admission(session, (key) => (record ? this.filed(record, key) : { input: false, output: false }));
  }

  /** The checkpoint that waits for a commit. */
  waitingCheckpoint(session: string): Checkpoint | undefined {
    return this.#checkpoints.get(session);
  }

  saveCheckpoint(session: string, checkpoint: Checkpoint): void {
    this.#checkpoints.set(session, checkpoint);
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  begin(): void {
    this.connection.exec('BEGIN IMMEDIATE');
    const waiting = [...this.#checkpoints];
    // A checkpoint that makes a commit fail is not tried again: it can be derived anew.
    this.#checkpoints.clear();
    for (const [session, checkpoint] of waiting) {
      const record = this.#committed.get(session);
      if (record) this.tables.putCheckpoint(record.no, checkpoint);
    }
  }

  write(session: string, { entries, blobs }: Succession): void {
    const last = entries.at(-1);
    if (!last) return;
    const before = this.present(session);
    const no = before?.no ?? this.#nextNumber++;
    let bytes = before?.bytes ?? 0;
    for (const stored of entries) {
      const blob = blobs.get(stored.entry.seq);
      this.#newest = { place: this.tables.insertEntry(no, stored), hash: stored.hash };
      if (blob) this.tables.insertBlob(no, stored.entry.seq, blob);
      bytes += Buffer.byteLength(stored.line) + (blob && blob.form !== 'absent' ? blob.size : 0);
    }
    const record = { no, id: session, ...after(last), bytes };
    this.tables.putSession(record);
    this.#staged.set(session, record);
    const grown = this.#grown.get(session) ?? [];
    for (const stored of entries) grown.push(stored);
    this.#grown.set(session, grown);
  }

  remove(session: string): void {
    const record = this.present(session);
    if (!record) return;
    this.tables.remove(record.no);
    this.history.forget(record.no);
    this.#staged.set(session, undefined);
    this.#grown.delete(session);
    this.#removes = true;
  }

  /** Puts a session back to where a repair leaves it. */
  reset(record: SessionRecord): void {
    this.tables.putSession(record);
    this.history.forget(record.no);
    this.#staged.set(record.id, record);
    this.#removes = true;
  }

  commit(): void {
    const removes = this.#removes;
    if (removes) this.mark.clear();
    this.connection.exec('COMMIT');
    for (const [session, record] of this.#staged) {
      if (record) this.#committed.set(session, record);
      else this.#committed.delete(session);
    }
    // What was removed may have been the newest. Otherwise the transaction knows, without a look at the table.
    const newest = removes ? this.tables.newest() : this.#newest;
    this.#settle();
    if (newest) this.mark.write(newest);
    if (removes) this.#shrink();
    this.#tell();
  }

  abort(): void {
    if (this.connection.inTransaction) this.connection.exec('ROLLBACK');
    this.#settle();
    this.#grown.clear();
    this.history.forgetAll();
  }

  #settle(): void {
    this.#staged.clear();
    this.#removes = false;
    this.#newest = undefined;
  }

  alive(): boolean {
    return this.connection.inTransaction;
  }

  /** Gives the pages of what was removed back to the file system. */
  #shrink(): void {
    try {
      this.connection.exec('PRAGMA incremental_vacuum');
    } catch {
      // No room to move pages: they stay in the file, and later entries use them.
    }
  }

  #tell(): void {
    const grown = [...this.#grown];
    this.#grown.clear();
    for (const [session, entries] of grown) {
      for (const listener of this.#listeners) tellOne(listener, session, entries);
    }
  }
}

/** The commit stands whatever a listener does; its error is its owner's, and goes where uncaught errors go. */
function tellOne(listener: Listener, session: string, entries: readonly StoredEntry[]): void {
  try {
    listener(session, entries);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
