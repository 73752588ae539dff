/** The journal of one machine: a SQLite file, one connection, one owner. */
import type { StoredEntry } from '../session/entry.js';
import { verifyCopy } from './adoption.js';
import { BEGINNING } from './chain-walk.js';
import { CommitMark } from './commit-mark.js';
import { CommitQueue, type Write } from './commit-queue.js';
import { COMPACTION, type CompactionSettings, Compactor } from './compactor.js';
import { diagnose } from './diagnosis.js';
import { JournalClosed, UnreadableJournal } from './errors.js';
import { History } from './history.js';
import {
  type AppendOptions,
  type Checkpoint,
  DamagedJournal,
  type Draft,
  type Journal,
  JournalFull,
  type Repair,
  RevisionConflict,
  type SessionRow,
  type Verification,
} from './journal.js';
import { foldWhenLong } from './log-folding.js';
import { recoverFromKeptLog } from './log-recovery.js';
import { identify } from './lost-session.js';
import { OFF_LOOP_BYTES, type PackedSnapshot, pack, packOffLoop } from './snapshot-bytes.js';
import { failureOf } from './sqlite-failure.js';
import { type Connection, closeFile, journalFile, keepLog, openFile, structuralDamage } from './sqlite-file.js';
import { Ledger, type Listener } from './sqlite-ledger.js';
import { Reader } from './sqlite-reader.js';
import { Remains } from './sqlite-remains.js';
import { type Operation, Surgery } from './sqlite-repair.js';
import { Segments } from './sqlite-segments.js';
import { type FiledPlace, type SessionRecord, Tables } from './sqlite-tables.js';
import { join, place, type Succession } from './succession.js';

/**
 * Entries whose keys opening looks up: about 10 ms when there are that many. A retry asks for a recent evaluation, so
 * these are the ones that a damaged index could make run twice.
 */
const NEWEST_CHECKED = 10_000;

export interface SqliteJournalOptions {
  /** Where the journal lives; made when it is not there, readable by its owner only. */
  readonly directory: string;
  /** When old entries are put into segments; for tests, that want it early. */
  readonly compaction?: CompactionSettings;
}

/**
 * Opens the journal in a directory and owns it until it is closed.
 * @throws {JournalLocked} while another has it open
 * @throws {NewerJournal} when a later version wrote it
 * @throws {ForeignFile} when something else is in its place
 * @throws {DamagedJournal} when it cannot be read, or acknowledged entries are missing from its end
 * @throws {UnreadableJournal} when the disk does not give what is on it
 * @throws {JournalFull} when there is no room to make it
 */
export function openSqliteJournal(options: SqliteJournalOptions): Journal {
  try {
    return open(options);
  } catch (error) {
    const isRecovered = error instanceof DamagedJournal && recoverFromKeptLog(options.directory, isSound);
    if (!isRecovered) throw error;
    return open(options);
  }
}

/** Whether everything acknowledged is there, of which the mark must tell, and nothing of it is damaged. */
function isSound(directory: string): boolean {
  const connection = openFile(directory);
  const mark = new CommitMark(directory);
  try {
    const tables = new Tables(connection);
    checkMark(mark, tables, directory);
    const journal = new OpenJournal(connection, tables, mark, directory, COMPACTION);
    const isWhole = ({ id }: SessionRow) => {
      const { damage, badSnapshots } = journal.verify(id);
      return damage === undefined && badSnapshots.length === 0;
    };
    if (!mark.read() || !journal.sessions().every(isWhole)) return false;
  } finally {
    mark.close();
    closeFile(connection, directory);
  }
  return structuralDamage(directory) === undefined;
}

function open({ directory, compaction = COMPACTION }: SqliteJournalOptions): Journal {
  const connection = openFile(directory);
  let mark: CommitMark | undefined;
  try {
    mark = new CommitMark(directory);
    const tables = new Tables(connection);
    checkMark(mark, tables, directory);
    return new OpenJournal(connection, tables, mark, directory, compaction);
  } catch (error) {
    mark?.close();
    closeFile(connection, directory);
    if (failureOf(error) === 'unreadable') throw new UnreadableJournal(directory, { cause: error });
    throw unwritten('', error);
  }
}

/** Everything acknowledged must still be there. */
function checkMark(mark: CommitMark, tables: Tables, directory: string): void {
  const acknowledged = mark.read();
  if (!acknowledged) return;
  const { place, hash } = acknowledged;
  const found = tables.hashAt(place);
  // A power cut can leave the mark behind. What follows it can have gone into a segment together with it since.
  if (found === hash || (found === undefined && (tables.newest()?.place ?? 0) > place)) return;
  const kept = keepLog(directory, 'move');
  const log = kept ? `; the log as it was found is in ${kept}, and a repair looks for them in it` : '';
  throw new DamagedJournal('', 0, `Acknowledged entries are missing from the end of the journal${log}`);
}

class OpenJournal implements Journal {
  readonly #reader: Reader;
  readonly #ledger: Ledger;
  readonly #queue: CommitQueue;
  readonly #surgery: Surgery;
  readonly #history: History;
  readonly #segments: Segments;
  readonly #compactor: Compactor;
  /** Sessions that opening found damaged: what is left of them can be read, but nothing may follow it. */
  readonly #damaged = new Map<string, DamagedJournal>();
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(
    private readonly connection: Connection,
    private readonly tables: Tables,
    private readonly mark: CommitMark,
    private readonly directory: string,
    compaction: CompactionSettings,
  ) {
    this.#segments = new Segments(connection);
    this.#history = new History(tables, this.#segments);
    const [history, segments] = [this.#history, this.#segments];
    this.#reader = new Reader(tables, history);
    this.#ledger = new Ledger(connection, tables, mark, history, (record, key) => this.#reader.filed(record, key));
    this.#queue = new CommitQueue(this.#ledger);
    const workplace = { connection, tables, segments, history, reader: this.#reader, ledger: this.#ledger };
    this.#surgery = new Surgery(workplace, new Remains(connection, segments), directory);
    this.#compactor = new Compactor(workplace, compaction, (session) => !this.#damaged.has(session));
    this.#load();
    const file = journalFile(directory);
    this.#ledger.listen(() => foldWhenLong(connection, file));
  }

  append(session: string, drafts: readonly Draft[], options: AppendOptions = {}): Promise<readonly StoredEntry[]> {
    if (this.#closing) return Promise.reject(new JournalClosed());
    const packed = new Map<Draft, PackedSnapshot>();
    const large: Promise<unknown>[] = [];
    for (const draft of drafts) {
      if (!draft.blob) continue;
      if (draft.blob.length <= OFF_LOOP_BYTES) packed.set(draft, pack(draft.blob));
      else large.push(packOffLoop(draft.blob).then((done) => packed.set(draft, done)));
    }
    const decide = () => {
      const at = this.#ledger.position(session);
      const { expectedRevision = at.revision } = options;
      if (expectedRevision !== at.revision) throw new RevisionConflict(session, expectedRevision, at.revision);
      return place(at, drafts, packed, this.#ledger.admission(session));
    };
    return this.#extend(session, decide, large.length > 0 ? Promise.all(large) : undefined);
  }

  async adopt(session: string, entries: readonly StoredEntry[], blobs: ReadonlyMap<number, Uint8Array>): Promise<void> {
    if (this.#closing) throw new JournalClosed();
    let copy: Succession = { entries: [], blobs: new Map() };
    const ready = verifyCopy(session, entries, blobs).then((verified) => {
      copy = verified;
    });
    const decide = () => join(session, this.#ledger.position(session), copy, this.#ledger.admission(session));
    await this.#extend(session, decide, ready);
  }

  read(session: string, range: { after?: number; upTo?: number; limit?: number } = {}): readonly StoredEntry[] {
    const record = this.#record(session);
    if (!record) return [];
    const { after = 0, upTo = record.revision, limit = record.revision } = range;
    return this.#reader.range(record, after, Math.min(upTo, record.revision, after + limit));
  }

  findByKey(key: string, session?: string): readonly { session: string; entries: readonly StoredEntry[] }[] {
    const filed = new Map<string, StoredEntry[]>();
    const { places, damage } = this.#placesOf(key, session);
    for (const found of places) {
      const record = this.#record(found.id);
      if (!record) continue;
      filed.set(found.id, [...(filed.get(found.id) ?? []), this.#reader.filedUnder(record, key, found)]);
    }
    if (filed.size === 0 && damage) throw damage;
    if (filed.size === 0) this.#mustKnowKeys(session);
    return [...filed].map(([id, entries]) => ({ session: id, entries }));
  }

  blob(session: string, seq: number): Uint8Array | undefined {
    const record = this.#record(session);
    if (!record || seq < 1 || seq > record.revision) return undefined;
    const [stored] = this.#reader.range(record, seq - 1, seq);
    return stored && this.#reader.blob(record, stored.entry);
  }

  session(id: string): SessionRow | undefined {
    const record = this.#record(id);
    return record && rowOf(record);
  }

  sessions(): readonly SessionRow[] {
    this.#mustBeReadable();
    return this.#ledger.all().map(rowOf);
  }

  checkpoint(session: string): Checkpoint | undefined {
    const record = this.#record(session);
    if (!record) return undefined;
    const checkpoint = this.#ledger.waitingCheckpoint(session) ?? this.#reader.checkpoint(record);
    return checkpoint && this.#reader.hashAt(record, checkpoint.revision) === checkpoint.hash ? checkpoint : undefined;
  }

  saveCheckpoint(session: string, checkpoint: Checkpoint): void {
    this.#ledger.saveCheckpoint(session, checkpoint);
  }

  onCommit(listener: Listener): () => void {
    return this.#ledger.listen(listener);
  }

  async remove(session: string): Promise<void> {
    await this.#change(session, () => () => this.#ledger.remove(session));
    this.#damaged.delete(session);
  }

  verify(session: string): Verification {
    const record = this.#record(session);
    if (!record) return { lastGood: 0, head: BEGINNING.head, badSnapshots: [] };
    const found = diagnose(record, this.#reader, this.#history);
    const { position, badSnapshots, damage = this.#damaged.get(session)?.message } = found;
    const good = { lastGood: position.revision, head: position.head, badSnapshots };
    return damage === undefined ? good : { ...good, damage };
  }

  async repair(session: string, { dryRun }: { readonly dryRun: boolean }): Promise<Repair> {
    let operation: Operation | undefined;
    await this.#change(session, () => {
      operation = this.#surgery.decide(session, this.#damaged.get(session)?.message, dryRun);
      return operation.write;
    });
    if (!dryRun) this.#damaged.delete(session);
    return (operation as unknown as Operation).repair;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#queue.drain();
    await this.#compactor.finish();
    this.#closed = true;
    this.mark.close();
    closeFile(this.connection, this.directory);
  }

  /** "Not there" cannot be said of a session whose damage may hide it: who hears it may run the evaluation again. */
  #mustKnowKeys(session: string | undefined): void {
    for (const [id, damage] of this.#damaged) if (session === undefined || session === id) throw damage;
  }

  /** @returns where a key is, sessions oldest first, inputs before outputs, and what may hide more places. */
  #placesOf(key: string, session: string | undefined): { places: FiledPlace[]; damage?: unknown } {
    this.#mustBeReadable();
    const recent = this.#recentPlacesOf(key);
    const places: FiledPlace[] = [];
    let damage: unknown;
    for (const record of this.#ledger.all()) {
      if (session !== undefined && session !== record.id) continue;
      try {
        places.push(...this.#reader.oldPlaces(record, key));
      } catch (error) {
        if (!(error instanceof DamagedJournal)) throw error;
        damage ??= error;
      }
      places.push(...recent.filter(({ id }) => id === record.id));
    }
    return { places, damage };
  }

  #recentPlacesOf(key: string): FiledPlace[] {
    try {
      return this.tables.placesOf(key);
    } catch (error) {
      throw unreadable('', error);
    }
  }

  #record(session: string): SessionRecord | undefined {
    this.#mustBeReadable();
    return this.#ledger.committed(session);
  }

  /** The statements outlive the connection's end, and would read a file that is another's by now. */
  #mustBeReadable(): void {
    if (this.#closed) throw new JournalClosed();
  }

  /** Cheap: looks at the last entry of every session and at the newest keys, not at the other entries. */
  #load(): void {
    const sessions = this.tables.sessions();
    for (const { record, last } of sessions.filter(({ intact }) => intact)) {
      this.#ledger.load(record);
      if (last.revision === record.revision && last.head === record.head) continue;
      this.#damaged.set(record.id, this.#reader.damaged(record, 'its last entry is not the one it ends with'));
    }
    for (const no of this.tables.orphans()) this.#loadLost(no);
    for (const { record, last } of sessions.filter(({ intact }) => !intact)) {
      // A flipped bit in a row's number leaves the row without entries, and the entries without a row.
      if (last.revision > 0 || !this.#damaged.has(record.id)) this.#loadLost(record.no);
    }
    const interrupted = new Set(this.#segments.interrupted());
    for (const record of this.#ledger.all().filter(({ id, no }) => interrupted.has(no) && !this.#damaged.has(id))) {
      this.#damaged.set(record.id, this.#reader.damaged(record, 'old entries are missing'));
    }
    for (const id of this.tables.misfiled(NEWEST_CHECKED)) {
      const record = this.#ledger.committed(id);
      if (record) this.#damaged.set(id, this.#reader.damaged(record, 'the index of keys misses an evaluation'));
    }
  }

  /** A session that only its entries know. When not even they do, any session may be the one that misses them. */
  #loadLost(no: number): void {
    const record = identify(this.tables, this.#history, no);
    if (!record || this.#ledger.committed(record.id)) {
      throw new DamagedJournal(
        '',
        0,
        'The journal has a session whose row is damaged and whose first entry is not there',
      );
    }
    this.#ledger.load(record);
    this.#damaged.set(record.id, this.#reader.damaged(record, 'its row is not what was written'));
  }

  async #extend(session: string, decide: () => Succession, ready?: Promise<unknown>): Promise<readonly StoredEntry[]> {
    let entries: readonly StoredEntry[] = [];
    const decideWhenSound = () => {
      const damage = this.#damaged.get(session);
      if (damage) throw damage;
      const succession = decide();
      entries = succession.entries;
      return () => this.#ledger.write(session, succession);
    };
    await this.#change(session, decideWhenSound, ready);
    this.#compactor.consider(session);
    return entries;
  }

  #change(session: string, decide: () => Write, ready?: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closing) throw new JournalClosed();
      const rejected = (error: unknown) => reject(unwritten(session, error));
      this.#queue.add(session, { decide, committed: resolve, rejected }, ready);
    });
  }
}

function rowOf({ id, revision, head, bytes }: SessionRecord): SessionRow {
  return { id, revision, head, bytes };
}

/** @returns what to tell the caller of a change when the database failed. */
function unwritten(session: string, error: unknown): unknown {
  switch (failureOf(error)) {
    case 'full':
      return new JournalFull(`The disk is full: nothing was added to session ${session}`, { cause: error });
    case 'unreadable':
      // Like a full one it may be well again in a moment, so it is for the caller to wait.
      return new JournalFull(`The disk cannot be read: nothing was added to session ${session}`, { cause: error });
    default:
      return unreadable(session, error);
  }
}

function unreadable(session: string, error: unknown): unknown {
  if (!failureOf(error)) return error;
  return new DamagedJournal(session, 0, `The journal is damaged: ${(error as Error).message}`);
}
