/**
 * Moves old entries into segments, on its own and in transactions of its own, some at a time: a commit never waits for
 * it longer than for another one. What a crash leaves is the old form or the new one.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Entry, StoredEntry } from '../session/entry.js';
import { BEGINNING, BrokenLink } from './chain-walk.js';
import { DamagedJournal } from './journal.js';
import { type Contents, LINE_FEED, listKeys, packSegment, type Segment } from './segment.js';
import { failureOf } from './sqlite-failure.js';
import type { ListedSegment } from './sqlite-segments.js';
import type { SessionRecord } from './sqlite-tables.js';
import type { Workplace } from './workplace.js';

export interface CompactionSettings {
  /** The newest entries stay as they are: opening a session reads them. More than a checkpoint's distance, at least 1. */
  readonly keep: number;
  /** Entries that make it worth while, beside those. */
  readonly batch: number;
  /** Entries that make it worth while when the journal closes. */
  readonly rest: number;
  /** Entries in a segment. A smaller one is opened again to be added to. */
  readonly segment: number;
}

export const COMPACTION: CompactionSettings = { keep: 256, batch: 512, rest: 64, segment: 2048 };

/** Bytes of entries, and of snapshots, after which a segment is full: what has to be unpacked to read one of them. */
const SEGMENT_BYTES = 2 * 1024 * 1024;

/** A larger snapshot stays in a row of its own, where it is compressed already. */
const LARGEST_SNAPSHOT = 256 * 1024;

/** Entries read between two turns of the event loop: less than 1 ms. */
const ENTRIES_A_TURN = 64;

/** Pages given back at once: about 1 ms. */
const VACUUM_PAGES = 64;

/** Closing does not take longer because of this, in ms. What is left then is done the next time. */
const CLOSING_MS = 2000;

/** What a step turns into one segment. */
interface Batch {
  readonly contents: Contents;
  /** The last segment as it was read. */
  readonly last: ListedSegment | undefined;
  /** Whether that one is to be replaced. */
  readonly reopens: boolean;
  /** First and last of the entries that move, and the snapshots that do. */
  readonly from: number;
  readonly to: number;
  readonly moved: readonly number[];
}

export class Compactor {
  readonly #waiting = new Set<string>();
  /** A session that could not be compacted is not tried again before it has grown to this revision. */
  readonly #notBefore = new Map<string, number>();
  #working: Promise<void> | undefined;
  #stopped = false;

  /** @param isSound whether nothing is known to be wrong with a session */
  constructor(
    private readonly at: Workplace,
    private readonly settings: CompactionSettings,
    private readonly isSound: (session: string) => boolean,
  ) {}

  /** A session has grown. */
  consider(session: string): void {
    if (this.#stopped || !this.#isDue(session, this.settings.batch)) return;
    this.#waiting.add(session);
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  /** Ends the work, with what is left to do in all sessions as far as the time reaches. */
  async finish(): Promise<void> {
    this.#stopped = true;
    await this.#working;
    const deadline = performance.now() + CLOSING_MS;
    let gained = false;
    for (const { id } of this.at.ledger.all()) {
      while (performance.now() < deadline && this.#isDue(id, this.settings.rest) && (await this.#tried(id)))
        gained = true;
    }
    if (gained) this.#vacuum();
  }

  async #work(): Promise<void> {
    for (const session of this.#waiting) {
      await nextTurn();
      while (!this.#stopped && this.#isDue(session, this.settings.batch) && (await this.#tried(session)))
        await nextTurn();
      this.#waiting.delete(session);
    }
  }

  #isDue(session: string, enough: number): boolean {
    const record = this.at.ledger.committed(session);
    if (!record || record.revision < (this.#notBefore.get(session) ?? 0) || !this.isSound(session)) return false;
    if (record.revision < this.settings.keep + enough) return false;
    return record.revision - this.#compacted(record) - this.settings.keep >= enough;
  }

  /** Damage shows where the session is used; here it is only a reason to leave it alone. */
  #compacted(record: SessionRecord): number {
    try {
      return this.at.history.compacted(record.no);
    } catch (error) {
      if (isStorage(error)) return record.revision;
      throw error;
    }
  }

  /** @returns whether the session got any further. */
  async #tried(session: string): Promise<boolean> {
    try {
      if (await this.#step(session)) return true;
    } catch (error) {
      if (!isStorage(error)) throw error;
    }
    const { revision } = this.at.ledger.committed(session) ?? { revision: 0 };
    this.#notBefore.set(session, revision + this.settings.batch);
    return false;
  }

  async #step(session: string): Promise<boolean> {
    const record = this.at.ledger.committed(session);
    const batch = record && (await this.#gather(record));
    if (!batch) return false;
    const segment = await packSegment(batch.contents);
    return this.#replace(record, batch, segment);
  }

  /** @returns the oldest entries that can go into a segment; nothing when there are none. */
  async #gather(record: SessionRecord): Promise<Batch | undefined> {
    const { no, revision } = record;
    const last = this.at.history.segments(no).at(-1);
    const base = last && this.#isOpen(record, last) ? last : undefined;
    const start = base?.header.before ?? last?.header.after ?? BEGINNING.head;
    const first = base?.header.first ?? (last?.header.last ?? 0) + 1;
    const from = (last?.header.last ?? 0) + 1;
    const upTo = Math.min(revision - this.settings.keep, first + this.settings.segment - 1);
    const blobs = new Map<number, Uint8Array>(base ? this.at.history.bundle(no, base.header) : []);
    const moved: number[] = [];
    const settled = await this.#settled(record, from, upTo, base, (seq, bytes) => {
      blobs.set(seq, bytes);
      moved.push(seq);
    });
    const end = settled.at(-1);
    if (!end) return undefined;
    const rows = base ? [...this.at.history.lines(no, base.header)] : [];
    for (const { entry, line, hash } of settled) rows.push({ seq: entry.seq, line, hash });
    const keys = listKeys(
      settled.map(({ entry }) => entry),
      base?.keys,
    );
    const contents = { first, before: start, after: end.hash, rows, keys, blobs };
    return { contents, last, reopens: base !== undefined, from, to: end.entry.seq, moved };
  }

  /** @returns whether a segment can be added to: there is room, and its snapshots are all good. */
  #isOpen(record: SessionRecord, { header, keys }: ListedSegment): boolean {
    const { first, last, size, bundleSize } = header;
    const hasRoom = last - first + 1 < this.settings.segment && size < SEGMENT_BYTES && bundleSize < SEGMENT_BYTES;
    return hasRoom && keys !== undefined && this.at.reader.isBundleGood(record, header);
  }

  /** @returns entries from the first on, up to one that is not settled or a full segment. @param take gets snapshots */
  async #settled(
    record: SessionRecord,
    from: number,
    upTo: number,
    base: ListedSegment | undefined,
    take: (seq: number, bytes: Uint8Array) => void,
  ): Promise<StoredEntry[]> {
    const settled: StoredEntry[] = [];
    let lineBytes = base?.header.size ?? 0;
    let blobBytes = base?.header.bundleSize ?? 0;
    for (let next = from; next <= upTo; next += ENTRIES_A_TURN) {
      for (const stored of this.at.reader.range(record, next - 1, Math.min(upTo, next + ENTRIES_A_TURN - 1))) {
        if (lineBytes > SEGMENT_BYTES || blobBytes > SEGMENT_BYTES || !this.#isSettled(record, stored)) return settled;
        settled.push(stored);
        lineBytes += stored.line.length;
        const bytes = this.#snapshot(record, stored.entry);
        if (bytes) take(stored.entry.seq, bytes);
        blobBytes += bytes?.length ?? 0;
      }
      await nextTurn();
    }
    return settled;
  }

  #isSettled({ no }: SessionRecord, { entry, line }: StoredEntry): boolean {
    if (entry.type === 'input' && !this.at.tables.filed(no, entry.key).output) return false;
    return !line.includes(LINE_FEED);
  }

  /** @returns the bytes to take along, if they are good and not too many. */
  #snapshot(record: SessionRecord, entry: Entry): Uint8Array | undefined {
    if (entry.type !== 'snapshot' || entry.bytes > LARGEST_SNAPSHOT) return undefined;
    return this.at.reader.snapshot(record, entry).bytes;
  }

  /** @returns whether the segment took the place of the entries: the session may have changed while it was packed. */
  #replace({ no, id }: SessionRecord, { contents, last, reopens, from, to, moved }: Batch, segment: Segment): boolean {
    const { connection, tables, segments, history, ledger } = this.at;
    const isSame = ledger.committed(id)?.no === no && history.segments(no).at(-1)?.header.after === last?.header.after;
    if (!isSame || tables.rows(no, to, to)[0]?.hash !== segment.after || !this.isSound(id)) return false;
    try {
      connection.exec('BEGIN IMMEDIATE');
      if (reopens) segments.remove(no, segment.first);
      segments.insert(no, segment);
      tables.removeRange(no, from, to, moved);
      connection.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES}); COMMIT`);
    } finally {
      if (connection.inTransaction) connection.exec('ROLLBACK');
      history.forget(no);
    }
    history.remember(no, segment, contents.rows);
    return true;
  }

  #vacuum(): void {
    try {
      this.at.connection.exec('PRAGMA incremental_vacuum');
    } catch (error) {
      // No room to move pages: they stay in the file, and later entries use them.
      if (!isStorage(error)) throw error;
    }
  }
}

function isStorage(error: unknown): boolean {
  return error instanceof BrokenLink || error instanceof DamagedJournal || failureOf(error) !== undefined;
}
