/** Reading a session: nothing leaves here that does not follow from what is before it. */
import { createHash } from 'node:crypto';
import type { Entry, EntryHeader, SnapshotEntry, StoredEntry } from '../session/entry.js';
import type { Filed } from './admission.js';
import { after, BEGINNING, BrokenLink, follow, type Position, type Row } from './chain-walk.js';
import type { History } from './history.js';
import { type Checkpoint, DamagedJournal } from './journal.js';
import type { SegmentHeader } from './segment.js';
import { unpack } from './snapshot-bytes.js';
import { failureOf } from './sqlite-failure.js';
import type { FiledPlace, SessionRecord, Tables } from './sqlite-tables.js';

/** Rows held at once while walking a whole session. */
const WALK_ROWS = 1000;

/** What walking a whole session found. */
export interface Walk {
  /** The last position that verifies. */
  readonly position: Position;
  /** What is wrong after it. */
  readonly damage?: string;
}

export class Reader {
  constructor(
    private readonly tables: Tables,
    private readonly history: History,
  ) {}

  /** @returns the entries `start` < seq <= `end`. @throws {DamagedJournal} when any of them is not as written. */
  range(record: SessionRecord, start: number, end: number): StoredEntry[] {
    if (end <= start) return [];
    return this.#trusted(record, () => this.#follow(record, start, end));
  }

  /** @returns which entries of an evaluation there are. @throws {DamagedJournal} when damage may hide them */
  filed(record: SessionRecord, key: string): Filed {
    return this.#trusted(record, () => this.history.filed(record.no, key));
  }

  /** @returns where old entries of an evaluation are. @throws {DamagedJournal} when damage may hide them */
  oldPlaces(record: SessionRecord, key: string): FiledPlace[] {
    const places = this.#trusted(record, () => this.history.places(record.no, key));
    return places.map(({ seq, type }) => ({ id: record.id, seq, type }));
  }

  /** @returns the entry that the index says is filed under `key`. @throws {DamagedJournal} when it is another. */
  filedUnder(record: SessionRecord, key: string, { seq, type }: FiledPlace): StoredEntry {
    const [stored] = this.range(record, seq - 1, seq);
    const entry = stored?.entry;
    if (!stored || entry?.type !== type || entry.key !== key) {
      throw this.damaged(record, `the index of keys is wrong about entry ${seq}`);
    }
    return stored;
  }

  /**
   * @returns the bytes of a snapshot entry; nothing for another, or when a copy came without them.
   * @throws {DamagedJournal}
   */
  blob(record: SessionRecord, entry: Entry): Uint8Array | undefined {
    if (entry.type !== 'snapshot') return undefined;
    const { bytes, fault } = this.snapshot(record, entry);
    if (fault === undefined) return bytes;
    const message = `Session ${record.id} is damaged at revision ${entry.seq}: ${fault}`;
    throw new DamagedJournal(record.id, entry.seq - 1, message);
  }

  /** @returns the bytes of a snapshot, nothing when they are not here, or what is wrong with them. */
  snapshot(record: SessionRecord, entry: SnapshotEntry & EntryHeader): { bytes?: Uint8Array; fault?: string } {
    try {
      const stored = this.history.blob(record.no, entry.seq);
      if (!stored?.form) throw new BrokenLink('the bytes of the snapshot are missing');
      const bytes = unpack({ form: stored.form, content: stored.content, digest: entry.digest, size: entry.bytes });
      return bytes ? { bytes } : {};
    } catch (error) {
      if (!isDamage(error)) throw error;
      return { fault: error.message };
    }
  }

  /** @returns whether every snapshot in a segment is what its entry describes. */
  isBundleGood({ no }: SessionRecord, header: SegmentHeader): boolean {
    const rows = this.history.lines(no, header);
    return [...this.history.bundle(no, header)].every(([seq, bytes]) => {
      const entry = JSON.parse(rows[seq - header.first]?.line ?? '{}') as Partial<Entry>;
      return entry.type === 'snapshot' && createHash('sha256').update(bytes).digest('hex') === entry.digest;
    });
  }

  /** @returns the checkpoint; nothing when it is damaged, since it can be derived anew. */
  checkpoint(record: SessionRecord): Checkpoint | undefined {
    try {
      return this.tables.checkpoint(record.no);
    } catch (error) {
      if (failureOf(error)) return undefined;
      throw error;
    }
  }

  /** @returns the chain hash at a revision as it is stored, without following the chain up to it. */
  hashAt(record: SessionRecord, revision: number): string | undefined {
    return this.#trusted(record, () => this.history.hashAt(record.no, revision));
  }

  /** Follows the chain from the first entry as far as it holds. */
  walk(record: SessionRecord, inspect: (stored: StoredEntry) => void = () => {}): Walk {
    let position = BEGINNING;
    try {
      while (position.revision < record.revision) {
        for (const row of this.#next(record, position.revision + 1)) {
          const stored = followIn(record, position, row);
          inspect(stored);
          position = after(stored);
        }
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
      return { position, damage: error.message };
    }
    return { position };
  }

  damaged(record: SessionRecord, what: string): DamagedJournal {
    const { revision } = this.walk(record).position;
    return new DamagedJournal(record.id, revision, `Session ${record.id} is damaged, good up to ${revision}: ${what}`);
  }

  #follow(record: SessionRecord, start: number, end: number): StoredEntry[] {
    const head = start === 0 ? BEGINNING.head : this.history.hashAt(record.no, start);
    if (head === undefined) throw new BrokenLink(`entry ${start} is missing`);
    let position: Position = { revision: start, head };
    const entries: StoredEntry[] = [];
    for (const row of this.#rows(record, start + 1, end)) {
      const stored = followIn(record, position, row);
      entries.push(stored);
      position = after(stored);
    }
    return entries;
  }

  /** @returns some rows from `from` on: only the first when a damaged page stands in the way of more. */
  #next(record: SessionRecord, from: number): Row[] {
    const end = Math.min(from + WALK_ROWS - 1, record.revision);
    const rows = this.#readable(record, from, end) ?? this.history.rows(record.no, from, from);
    if (rows.length === 0) throw new BrokenLink(`entry ${from} is missing`);
    return rows;
  }

  #readable(record: SessionRecord, from: number, to: number): Row[] | undefined {
    try {
      return this.history.rows(record.no, from, to);
    } catch (error) {
      if (isDamage(error)) return undefined;
      throw error;
    }
  }

  /** @returns as many rows as there must be. */
  #rows(record: SessionRecord, from: number, to: number): Row[] {
    const rows = this.history.rows(record.no, from, to);
    if (rows.length !== to - from + 1) throw new BrokenLink(`entries between ${from} and ${to} are missing`);
    return rows;
  }

  #trusted<Result>(record: SessionRecord, read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      if (!isDamage(error)) throw error;
      throw this.damaged(record, error.message);
    }
  }
}

/** A chain can be forged from some entry on; the session's row says what the last hash is. */
function followIn(record: SessionRecord, before: Position, row: Row): StoredEntry {
  const stored = follow(before, row);
  if (row.seq === record.revision && row.hash !== record.head) {
    throw new BrokenLink(`entry ${row.seq} is not the one the session ends with`);
  }
  return stored;
}

function isDamage(error: unknown): error is Error {
  return error instanceof BrokenLink || failureOf(error) !== undefined;
}
