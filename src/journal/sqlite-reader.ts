/** Reading a session: nothing leaves here that does not follow from what is before it. */
import type { Entry, StoredEntry } from '../session/entry.js';
import { after, BEGINNING, BrokenLink, follow, type Position } from './chain-walk.js';
import { DamagedJournal } from './journal.js';
import { unpack } from './snapshot-bytes.js';
import { failureOf } from './sqlite-failure.js';
import type { SessionRecord, Tables } from './sqlite-tables.js';

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
  constructor(private readonly tables: Tables) {}

  /** @returns the entries `start` < seq <= `end`. @throws {DamagedJournal} when any of them is not as written. */
  range(record: SessionRecord, start: number, end: number): StoredEntry[] {
    if (end <= start) return [];
    return this.#trusted(record, () => this.#follow(record, start, end));
  }

  /** @returns the entry at `seq`, which an index says is filed under `key`. @throws {DamagedJournal} when it is not. */
  filedUnder(record: SessionRecord, key: string, seq: number): StoredEntry {
    const [stored] = this.range(record, seq - 1, seq);
    const entry = stored?.entry;
    if (!stored || !(entry?.type === 'input' || entry?.type === 'output') || entry.key !== key) {
      throw this.damaged(record, `the index of keys is wrong about entry ${seq}`);
    }
    return stored;
  }

  /** @returns the bytes of a snapshot entry; nothing for another. @throws {DamagedJournal} */
  blob(record: SessionRecord, entry: Entry): Uint8Array | undefined {
    if (entry.type !== 'snapshot') return undefined;
    const bytes = this.#trusted(record, () => {
      const stored = this.tables.blob(record.no, entry.seq);
      return stored && unpack(stored.content, stored.deflated, { digest: entry.digest, size: entry.bytes });
    });
    if (bytes) return bytes;
    const message = `Session ${record.id} is damaged: the bytes of snapshot ${entry.seq} are not what was written`;
    throw new DamagedJournal(record.id, entry.seq - 1, message);
  }

  /** Follows the chain from the first entry as far as it holds. @param inspect may throw to end the walk. */
  walk(record: SessionRecord, inspect: (stored: StoredEntry) => void = () => {}): Walk {
    let position = BEGINNING;
    try {
      while (position.revision < record.revision) {
        const end = Math.min(position.revision + WALK_ROWS, record.revision);
        for (const row of this.#rows(record, position.revision + 1, end)) {
          const stored = follow(position, row);
          inspect(stored);
          position = after(stored);
        }
      }
      endsWhereItShould(record, position);
    } catch (error) {
      return { position, damage: (error as Error).message };
    }
    return { position };
  }

  damaged(record: SessionRecord, what: string): DamagedJournal {
    const { revision } = this.walk(record).position;
    return new DamagedJournal(record.id, revision, `Session ${record.id} is damaged, good up to ${revision}: ${what}`);
  }

  #follow(record: SessionRecord, start: number, end: number): StoredEntry[] {
    const rows = this.#rows(record, Math.max(start, 1), end);
    const before = start === 0 ? undefined : rows.shift();
    let position = before ? { revision: start, head: before.hash } : BEGINNING;
    const entries: StoredEntry[] = [];
    for (const row of rows) {
      const stored = follow(position, row);
      entries.push(stored);
      position = after(stored);
    }
    if (end === record.revision) endsWhereItShould(record, position);
    return entries;
  }

  /** @returns as many rows as there must be. */
  #rows(record: SessionRecord, from: number, to: number) {
    const rows = this.tables.rows(record.no, from, to);
    if (rows.length !== to - from + 1) throw new BrokenLink(`entries between ${from} and ${to} are missing`);
    return rows;
  }

  #trusted<Result>(record: SessionRecord, read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof BrokenLink) && !failureOf(error)) throw error;
      throw this.damaged(record, (error as Error).message);
    }
  }
}

function endsWhereItShould(record: SessionRecord, position: Position): void {
  if (position.head !== record.head) throw new BrokenLink(`the last entry is not the one the session ends with`);
}
