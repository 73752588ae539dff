/** Durable, ordered, tamper-evident logs, one a session. Every implementation keeps these promises. */
import type { EntryBody, StoredEntry } from '../session/entry.js';

/** An entry before the journal has given it a place. */
export interface Draft {
  readonly client: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  readonly body: EntryBody;
  /** Bytes of a `snapshot` entry; stored in the same transaction, addressed by the entry's revision. */
  readonly blob?: Uint8Array;
}

export interface AppendOptions {
  /** Refuse unless the session's revision is this. 0 for a session that must not exist yet. */
  readonly expectedRevision?: number;
}

export interface SessionRow {
  readonly id: string;
  readonly revision: number;
  /** Chain hash of the last entry. */
  readonly head: string;
  /** Bytes of entries and blobs. */
  readonly bytes: number;
}

/** A value derived from a session's first `revision` entries, kept so that opening does not read them all again. */
export interface Checkpoint {
  readonly revision: number;
  /** Chain hash at `revision`; a checkpoint whose hash differs from the journal's is ignored. */
  readonly hash: string;
  readonly state: string;
}

export interface BadSnapshot {
  readonly seq: number;
  readonly reason: string;
}

/** What reading a whole session found. */
export interface Verification {
  /** The last revision that verifies, and so the number of good entries. */
  readonly lastGood: number;
  /** Chain hash at `lastGood`. */
  readonly head: string;
  /** What is wrong with the session, other than its snapshots; absent when nothing is. */
  readonly damage?: string;
  /** Entries up to `lastGood` that are good themselves, but whose snapshot's bytes are not what was written. */
  readonly badSnapshots: readonly BadSnapshot[];
}

/** What a repair did, or would do. */
export interface Repair {
  readonly session: string;
  /** Where the session ends after it; 0 when nothing of it is left. */
  readonly lastGood: number;
  /** Entries that are cut off: those behind `lastGood`, whether they could be read or not. */
  readonly cut: number;
  /** What was wrong, other than snapshots. */
  readonly damage: string | null;
  /** Snapshots that are given up: asking for their bytes finds nothing afterwards. */
  readonly badSnapshots: readonly BadSnapshot[];
  /** The file with everything that was taken away; nothing when that was nothing, or for a dry run. */
  readonly keptIn: string | null;
}

export interface Journal {
  /**
   * Appends all drafts or none, durable when it resolves. Concurrent appends share a commit.
   * The first draft of a new session must be `created`; a body with a `key` and type `input` is unique per session.
   * @throws {RevisionConflict} when `expectedRevision` differs from the session's revision
   * @throws {DuplicateKey} when an input's key is already in the session
   * @throws {JournalFull} when the disk is full; nothing was written
   */
  append(session: string, drafts: readonly Draft[], options?: AppendOptions): Promise<readonly StoredEntry[]>;

  /**
   * Copies entries that another journal made, keeping their lines, hashes and those of their snapshots that are in
   * `blobs`, by revision. Verifies the chain onto the present head. All or nothing.
   * @throws {RevisionConflict} when the first entry is not the next one here
   * @throws {DamagedJournal} when an entry or a snapshot is not what was written, or is of another history
   * @throws {JournalFull} when the disk is full; nothing was written
   */
  adopt(session: string, entries: readonly StoredEntry[], blobs: ReadonlyMap<number, Uint8Array>): Promise<void>;

  /** Entries with `after` < seq <= `upTo` in order, at most `limit`; verified. @throws {DamagedJournal} */
  read(session: string, range?: { after?: number; upTo?: number; limit?: number }): readonly StoredEntry[];

  /** The `input` and `output` entries filed under `key`, in one session or in any. */
  findByKey(key: string, session?: string): readonly { session: string; entries: readonly StoredEntry[] }[];

  /**
   * Bytes of the snapshot entry at `seq`; nothing when that is another entry, or they are not here: it was adopted
   * without them, or a repair gave them up.
   * @throws {DamagedJournal} when they do not match the entry's digest
   */
  blob(session: string, seq: number): Uint8Array | undefined;

  session(id: string): SessionRow | undefined;
  sessions(): readonly SessionRow[];

  checkpoint(session: string): Checkpoint | undefined;
  /** Not durable by itself; rides on the next commit. */
  saveCheckpoint(session: string, checkpoint: Checkpoint): void;

  /** Called after every commit with the session that grew. Returns the unsubscribe function. */
  onCommit(listener: (session: string, entries: readonly StoredEntry[]) => void): () => void;

  /** Reads a whole session with its snapshots. Damage is an answer, not an error. */
  verify(session: string): Verification;

  /**
   * Cuts a damaged session back to its last good revision, so that it can be read and appended to again. What is taken
   * away is written to a file first. All or nothing; changes nothing when nothing is wrong.
   * @throws {DamagedJournal} when the file is too damaged to be changed: it has to be salvaged
   * @throws {JournalFull} when the disk is full; nothing was changed
   */
  repair(session: string, options: { readonly dryRun: boolean }): Promise<Repair>;

  /** Removes the session and everything filed under it. */
  remove(session: string): Promise<void>;

  /** Commits what is queued and closes. */
  close(): Promise<void>;
}

export class RevisionConflict extends Error {
  override readonly name = 'RevisionConflict';
  constructor(
    readonly session: string,
    readonly expected: number,
    readonly actual: number,
  ) {
    super(`Session ${session} is at revision ${actual}, not ${expected}`);
  }
}

export class DuplicateKey extends Error {
  override readonly name = 'DuplicateKey';
  constructor(
    readonly session: string,
    readonly key: string,
  ) {
    super(`Session ${session} already has an evaluation with the key ${key}`);
  }
}

/** The disk is full (or a quota is). What was already acknowledged is intact. */
export class JournalFull extends Error {
  override readonly name = 'JournalFull';
}

/** Another process owns the journal. */
export class JournalLocked extends Error {
  override readonly name = 'JournalLocked';
}

/** What is stored is not what was written. */
export class DamagedJournal extends Error {
  override readonly name = 'DamagedJournal';
  constructor(
    readonly session: string,
    /** Last revision that verifies. */
    readonly lastGood: number,
    message: string,
  ) {
    super(message);
  }
}
