/** The statements for segments. As in sqlite-tables.ts, every column is cast. */
import { keysSealOf, type Segment, type SegmentHeader, sealOf } from './segment.js';
import type { Connection } from './sqlite-file.js';

/** A segment as it is found, without its content. */
export interface ListedSegment {
  readonly header: SegmentHeader;
  /** Whether the header is what was written. */
  readonly intact: boolean;
  /** Nothing when they are not what was written. */
  readonly keys: Buffer | undefined;
}

const bytes = (column: string) => `COALESCE(CAST(${column} AS BLOB), zeroblob(0))`;

const HEADER = `CAST(first AS INTEGER), CAST(last AS INTEGER), ${bytes('before')}, ${bytes('after')},
  CAST(size AS INTEGER), CAST(bundle_size AS INTEGER), ${bytes('seal')}`;
type RawHeader = [number, number, Buffer, Buffer, number, number, Buffer];

export class Segments {
  readonly #insert;
  readonly #listed;
  readonly #content;
  readonly #bundle;

  constructor(private readonly connection: Connection) {
    this.#insert = connection.prepare(
      `INSERT INTO segments (session, first, last, before, after, size, bundle_size, seal, keys, keys_seal, content, bundle)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#listed = connection
      .prepare(
        `SELECT ${HEADER}, ${bytes('keys')}, ${bytes('keys_seal')} FROM segments WHERE session = ? ORDER BY first`,
      )
      .raw();
    this.#content = connection
      .prepare(`SELECT ${bytes('content')} FROM segments WHERE session = ? AND first = ?`)
      .raw();
    this.#bundle = connection.prepare(`SELECT ${bytes('bundle')} FROM segments WHERE session = ? AND first = ?`).raw();
  }

  insert(no: number, segment: Segment): void {
    const { first, last, before, after, size, bundleSize, keys, content, bundle } = segment;
    const hashes = [Buffer.from(before, 'hex'), Buffer.from(after, 'hex')];
    const seals = [sealOf(no, segment), keys, keysSealOf(no, first, keys)];
    this.#insert.run([no, first, last, ...hashes, size, bundleSize, ...seals, content, bundle]);
  }

  remove(no: number, first: number): void {
    this.connection.prepare('DELETE FROM segments WHERE session = ? AND first = ?').run([no, first]);
  }

  /** Lists the keys of a segment anew. */
  rekey(no: number, first: number, keys: Buffer): void {
    const statement = this.connection.prepare(
      'UPDATE segments SET keys = ?, keys_seal = ? WHERE session = ? AND first = ?',
    );
    statement.run([keys, keysSealOf(no, first, keys), no, first]);
  }

  /** @returns the segments of a session in order. */
  of(no: number): ListedSegment[] {
    const rows = this.#listed.all([no]) as [...RawHeader, Buffer, Buffer][];
    return rows.map(([first, last, before, after, size, bundleSize, seal, keys, keysSeal]) => {
      const header = headerOf([first, last, before, after, size, bundleSize, seal]);
      const listed = keysSeal.equals(keysSealOf(no, first, keys));
      return { header, intact: seal.equals(sealOf(no, header)), keys: listed ? keys : undefined };
    });
  }

  content(no: number, first: number): Buffer {
    return (this.#content.all([no, first]) as [Buffer][])[0]?.[0] ?? Buffer.of();
  }

  bundle(no: number, first: number): Buffer {
    return (this.#bundle.all([no, first]) as [Buffer][])[0]?.[0] ?? Buffer.of();
  }

  /**
   * @returns the numbers of sessions whose segments do not lead from the first entry to those that are not in segments.
   * Without a segment, evaluations in it would be taken for new ones.
   */
  interrupted(): number[] {
    const rows = this.connection
      .prepare(`SELECT CAST(session AS INTEGER), ${HEADER} FROM segments ORDER BY session, first`)
      .raw()
      .all([]) as [number, ...RawHeader][];
    const ends = new Map<number, number>();
    const interrupted = new Set<number>();
    for (const [no, ...raw] of rows) {
      const header = headerOf(raw);
      const isNext = header.first === (ends.get(no) ?? 0) + 1;
      if (!isNext || !raw[6].equals(sealOf(no, header))) interrupted.add(no);
      ends.set(no, header.last);
    }
    for (const [no, seq] of this.#beginnings()) if (seq !== (ends.get(no) ?? 0) + 1) interrupted.add(no);
    return [...interrupted];
  }

  /** @returns the first entry of each session that is not in a segment. */
  #beginnings(): [no: number, seq: number][] {
    return this.connection
      .prepare(
        `SELECT CAST(no AS INTEGER), CAST((SELECT min(seq) FROM entries WHERE session = no) AS INTEGER) FROM sessions`,
      )
      .raw()
      .all([]) as [number, number][];
  }
}

function headerOf([first, last, before, after, size, bundleSize]: RawHeader): SegmentHeader {
  return { first, last, before: before.toString('hex'), after: after.toString('hex'), size, bundleSize };
}
