/**
 * The statements, prepared once, and the conversions between rows and values. Two habits of libsql 0.5.29 shape them:
 * parameters always go in an array (a lone Buffer aborts the process), and every column is cast, because one flipped
 * bit in a row's header turns a BLOB into a TEXT that is not UTF-8, which aborts it too, or into a NULL.
 */
import { createHash } from 'node:crypto';
import type { Entry, StoredEntry } from '../session/entry.js';
import type { Filed } from './admission.js';
import type { Position, Row } from './chain-walk.js';
import type { Acknowledged } from './commit-mark.js';
import type { Checkpoint } from './journal.js';
import type { Form, PackedSnapshot } from './snapshot-bytes.js';
import type { Connection } from './sqlite-file.js';
import { FORMS, ROLE } from './sqlite-schema.js';

/** A session's row. `no` stands for its id in the other tables. */
export interface SessionRecord extends Position {
  readonly no: number;
  readonly id: string;
  readonly bytes: number;
}

/** A session as found at opening: its row, whether the row is intact, and where its entries really end. */
export interface FoundSession {
  readonly record: SessionRecord;
  readonly intact: boolean;
  readonly last: Position;
}

/** What the index of keys says, not yet believed. */
export interface FiledPlace {
  readonly id: string;
  readonly seq: number;
  readonly type: keyof typeof ROLE;
}

type Value = number | null | Uint8Array;

const bytes = (column: string) => `COALESCE(CAST(${column} AS BLOB), zeroblob(0))`;

const ROW = `CAST(seq AS INTEGER), ${bytes('line')}, ${bytes('hash')}`;
type RawRow = [number, Buffer, Buffer];

export class Tables {
  readonly #insertEntry;
  readonly #insertBlob;
  readonly #putSession;
  readonly #putCheckpoint;
  readonly #removeEntries;
  readonly #removeBlob;
  readonly #rows;
  readonly #filed;
  readonly #byKey;
  readonly #seqFiled;
  readonly #blob;
  readonly #checkpoint;
  readonly #newest;
  readonly #atPlace;

  constructor(private readonly connection: Connection) {
    const write = (sql: string) => {
      const statement = connection.prepare(sql);
      return (...values: Value[]) => statement.run(values);
    };
    const read = <Columns>(sql: string) => {
      const statement = connection.prepare(sql).raw();
      // Reading to the end resets the statement; a half-read one would keep the log from being cut back.
      return (...values: Value[]) => statement.all(values) as Columns[];
    };
    this.#insertEntry = write('INSERT INTO entries (session, seq, line, hash, key, role) VALUES (?, ?, ?, ?, ?, ?)');
    this.#insertBlob = write('INSERT INTO blobs (session, seq, form, content) VALUES (?, ?, ?, ?)');
    this.#putSession = write('REPLACE INTO sessions (no, id, revision, head, bytes, digest) VALUES (?, ?, ?, ?, ?, ?)');
    this.#putCheckpoint = write(
      'REPLACE INTO checkpoints (session, revision, hash, state, digest) VALUES (?, ?, ?, ?, ?)',
    );
    this.#removeEntries = write('DELETE FROM entries WHERE session = ? AND seq BETWEEN ? AND ?');
    this.#removeBlob = write('DELETE FROM blobs WHERE session = ? AND seq = ?');
    this.#rows = read<RawRow>(`SELECT ${ROW} FROM entries WHERE session = ? AND seq BETWEEN ? AND ? ORDER BY seq`);
    this.#filed = read<[number]>('SELECT CAST(role AS INTEGER) FROM entries WHERE key = ? AND session = ?');
    this.#byKey = read<[Buffer, number, number]>(
      `SELECT ${bytes('id')}, CAST(seq AS INTEGER), CAST(role AS INTEGER) FROM entries JOIN sessions ON no = session
       WHERE key = ? ORDER BY session, role`,
    );
    this.#seqFiled = read<[number]>(
      'SELECT CAST(seq AS INTEGER) FROM entries WHERE key = ? AND session = ? AND role = ?',
    );
    this.#blob = read<[number, Buffer]>(
      `SELECT CAST(form AS INTEGER), ${bytes('content')} FROM blobs WHERE session = ? AND seq = ?`,
    );
    this.#checkpoint = read<[number, Buffer, Buffer, Buffer]>(
      `SELECT CAST(revision AS INTEGER), ${bytes('hash')}, ${bytes('state')}, ${bytes('digest')}
       FROM checkpoints WHERE session = ?`,
    );
    this.#newest = read<[number, Buffer]>(
      `SELECT CAST(place AS INTEGER), ${bytes('hash')} FROM entries ORDER BY place DESC LIMIT 1`,
    );
    this.#atPlace = read<[Buffer]>(`SELECT ${bytes('hash')} FROM entries WHERE place = ?`);
  }

  /** @returns its place among the entries of all sessions */
  insertEntry(no: number, { entry, line, hash }: StoredEntry): number {
    const [key, role] = filing(entry);
    const { lastInsertRowid } = this.#insertEntry(
      no,
      entry.seq,
      Buffer.from(line),
      Buffer.from(hash, 'hex'),
      key,
      role,
    );
    return Number(lastInsertRowid);
  }

  insertBlob(no: number, seq: number, packed: PackedSnapshot): void {
    this.#insertBlob(no, seq, FORMS.indexOf(packed.form), packed.content);
  }

  putSession(record: SessionRecord): void {
    const { no, id, revision, head, bytes } = record;
    this.#putSession(no, Buffer.from(id), revision, Buffer.from(head, 'hex'), bytes, digestOf(record));
  }

  putCheckpoint(no: number, checkpoint: Checkpoint): void {
    const { revision, hash, state } = checkpoint;
    this.#putCheckpoint(no, revision, Buffer.from(hash, 'hex'), Buffer.from(state), checkpointDigest(checkpoint));
  }

  /** @returns rows `from` to `to`, both included, as far as they are there. */
  rows(no: number, from: number, to: number): Row[] {
    return this.#rows(no, from, to).map(([seq, line, hash]) => ({
      seq,
      line: line.toString(),
      hash: hash.toString('hex'),
    }));
  }

  filed(no: number, key: string): Filed {
    const roles = this.#filed(Buffer.from(key), no).map(([role]) => role);
    return { input: roles.includes(ROLE.input), output: roles.includes(ROLE.output) };
  }

  /** @returns what is filed under `key`, sessions oldest first, inputs before outputs. */
  placesOf(key: string): FiledPlace[] {
    return this.#byKey(Buffer.from(key)).map(([id, seq, role]) => ({
      id: id.toString(),
      seq,
      type: role === ROLE.input ? 'input' : 'output',
    }));
  }

  /** @returns whether the index of keys leads to this entry; also when it need not. */
  isFiled(no: number, entry: Entry): boolean {
    const [key, role] = filing(entry);
    return key === null || this.#seqFiled(key, no, role).some(([seq]) => seq === entry.seq);
  }

  /** Files an entry that is there already under its key. */
  refile(no: number, entry: Entry): void {
    const [key, role] = filing(entry);
    const statement = this.connection.prepare('UPDATE entries SET key = ?, role = ? WHERE session = ? AND seq = ?');
    statement.run([key, role, no, entry.seq]);
  }

  blob(no: number, seq: number): { form: Form | undefined; content: Buffer } | undefined {
    const [row] = this.#blob(no, seq);
    return row && { form: FORMS[row[0]], content: row[1] };
  }

  /** @returns the session's checkpoint, if it is as it was written. */
  checkpoint(no: number): Checkpoint | undefined {
    const [row] = this.#checkpoint(no);
    if (!row) return undefined;
    const [revision, hash, state, digest] = row;
    const checkpoint = { revision, hash: hash.toString('hex'), state: state.toString() };
    return digest.equals(checkpointDigest(checkpoint)) ? checkpoint : undefined;
  }

  remove(no: number): void {
    for (const table of ['entries', 'blobs', 'checkpoints', 'segments']) {
      this.connection.prepare(`DELETE FROM ${table} WHERE session = ?`).run([no]);
    }
    this.connection.prepare('DELETE FROM sessions WHERE no = ?').run([no]);
  }

  /** Removes entries `from` to `to`, and the bytes of the snapshots at `moved`, that are in a segment by now. */
  removeRange(no: number, from: number, to: number, moved: readonly number[]): void {
    this.#removeEntries(no, from, to);
    for (const seq of moved) this.#removeBlob(no, seq);
  }

  /** @returns the newest entry of all sessions, by its place among them. */
  newest(): Acknowledged | undefined {
    const [row] = this.#newest();
    return row && { place: row[0], hash: row[1].toString('hex') };
  }

  hashAt(place: number): string | undefined {
    return this.#atPlace(place)[0]?.[0].toString('hex');
  }

  /** Every session, oldest first, in one pass. */
  sessions(): FoundSession[] {
    const rows = this.connection
      .prepare(
        `SELECT s.no, ${bytes('s.id')}, CAST(s.revision AS INTEGER), ${bytes('s.head')}, CAST(s.bytes AS INTEGER),
           ${bytes('s.digest')}, CAST(e.seq AS INTEGER), CAST(e.hash AS BLOB)
         FROM sessions s LEFT JOIN entries e
           ON e.session = s.no AND e.seq = (SELECT max(seq) FROM entries WHERE session = s.no)
         ORDER BY s.no`,
      )
      .raw()
      .all([]) as [number, Buffer, number, Buffer, number, Buffer, number | null, Buffer | null][];
    return rows.map(([no, id, revision, head, bytes, digest, seq, hash]) => {
      const record = { no, id: id.toString(), revision, head: head.toString('hex'), bytes };
      const last = { revision: seq ?? 0, head: hash?.toString('hex') ?? '' };
      return { record, intact: digest.equals(digestOf(record)), last };
    });
  }

  /**
   * @returns ids of sessions with an entry, among the `newest` entries of all, that the index of keys does not find. An
   * evaluation missing from it would be taken for a new one and run again.
   */
  misfiled(newest: number): string[] {
    const rows = this.connection
      .prepare(
        `SELECT ${bytes('id')} FROM sessions WHERE no IN (
           SELECT session FROM (SELECT session, key, role FROM entries ORDER BY place DESC LIMIT ?) AS e
           WHERE key NOTNULL AND NOT EXISTS (
             SELECT 1 FROM entries AS i INDEXED BY entries_by_key
             WHERE i.key = e.key AND i.session = e.session AND i.role = e.role
           )
         )`,
      )
      .raw()
      .all([newest]) as [Buffer][];
    return rows.map(([id]) => id.toString());
  }

  /** @returns numbers of sessions that have entries but no row. Skips from session to session. */
  orphans(): number[] {
    const rows = this.connection
      .prepare(
        `WITH RECURSIVE owner(no) AS (
           SELECT min(session) FROM entries
           UNION ALL SELECT (SELECT min(session) FROM entries WHERE session > owner.no) FROM owner WHERE no NOTNULL
         )
         SELECT CAST(no AS INTEGER) FROM owner WHERE no NOTNULL AND no NOT IN (SELECT no FROM sessions)`,
      )
      .raw()
      .all([]) as [number][];
    return rows.map(([no]) => no);
  }

  /** @returns where the entries of a session end, and their bytes, whatever its row says. */
  extent(no: number): Position & { bytes: number } {
    const [row] = this.connection
      .prepare(
        `SELECT CAST(seq AS INTEGER), ${bytes('hash')},
           (SELECT CAST(total(length(line)) AS INTEGER) FROM entries WHERE session = ?)
         FROM entries WHERE session = ? ORDER BY seq DESC LIMIT 1`,
      )
      .raw()
      .all([no, no]) as [number, Buffer, number][];
    return row
      ? { revision: row[0], head: row[1].toString('hex'), bytes: row[2] }
      : { revision: 0, head: '', bytes: 0 };
  }
}

function filing(entry: Entry): [key: Uint8Array | null, role: number | null] {
  return entry.type === 'input' || entry.type === 'output' ? [Buffer.from(entry.key), ROLE[entry.type]] : [null, null];
}

/** @returns what proves a session's row. */
export function digestOf({ no, id, revision, head, bytes }: SessionRecord): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([no, id, revision, head, bytes]))
    .digest();
}

function checkpointDigest({ revision, hash, state }: Checkpoint): Buffer {
  return createHash('sha256').update(`${revision}\n${hash}\n`).update(state).digest();
}
