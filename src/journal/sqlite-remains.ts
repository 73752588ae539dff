/** The rows behind a session's damage: reading what can be read of them as it is stored, and taking them away. */
import type { SegmentHeader } from './segment.js';
import type { PackedSnapshot } from './snapshot-bytes.js';
import { failureOf } from './sqlite-failure.js';
import type { Connection } from './sqlite-file.js';
import { FORMS } from './sqlite-schema.js';
import type { ListedSegment, Segments } from './sqlite-segments.js';
import type { SessionRecord } from './sqlite-tables.js';

/** A row as it is kept aside; bytes are base64, since damaged ones need not be text. */
export type Remnant =
  | { readonly kind: 'entry'; readonly seq: number; readonly line: string; readonly hash: string }
  | { readonly kind: 'blob'; readonly seq: number; readonly form: number; readonly content: string }
  | (SegmentHeader & { readonly kind: 'segment'; readonly content: string; readonly bundle: string });

const bytes = (column: string) => `COALESCE(CAST(${column} AS BLOB), zeroblob(0))`;

/** A flipped bit can put a row before the first. */
const BEHIND = 'session = ? AND (seq > ? OR seq < 1)';

export class Remains {
  constructor(
    private readonly connection: Connection,
    private readonly segments: Segments,
  ) {}

  /** @returns every readable row behind `lastGood`, and what holds the blobs at `bad` revisions. */
  behind(no: number, lastGood: number, bad: readonly number[]): Remnant[] {
    const segments = this.#listed(no).filter(({ header, intact }) => {
      const { first, last } = header;
      return !intact || last > lastGood || bad.some((seq) => first <= seq && seq <= last);
    });
    const entries = this.#seqs('entries', no, lastGood).flatMap((seq) => this.#entry(no, seq));
    const blobs = [...bad, ...this.#seqs('blobs', no, lastGood)].flatMap((seq) => this.#blob(no, seq));
    return [...segments.flatMap(({ header }) => this.#segment(no, header)), ...entries, ...blobs];
  }

  remove(no: number, lastGood: number): void {
    for (const { header, intact } of this.#listed(no)) {
      if (!intact || header.last > lastGood) this.segments.remove(no, header.first);
    }
    for (const table of ['entries', 'blobs']) {
      this.connection.prepare(`DELETE FROM ${table} WHERE ${BEHIND}`).run([no, lastGood]);
    }
  }

  /** Removes other rows that claim to be the session: a flipped bit in its number makes one. */
  removeNamesakes({ no, id }: SessionRecord): void {
    this.connection.prepare('DELETE FROM sessions WHERE id = ? AND no <> ?').run([Buffer.from(id), no]);
  }

  replaceBlob(no: number, seq: number, { form, content }: PackedSnapshot): void {
    const statement = this.connection.prepare('REPLACE INTO blobs (session, seq, form, content) VALUES (?, ?, ?, ?)');
    statement.run([no, seq, FORMS.indexOf(form), content]);
  }

  #seqs(table: string, no: number, lastGood: number): number[] {
    const rows = this.#readable<[number]>(
      `SELECT CAST(seq AS INTEGER) FROM ${table} WHERE ${BEHIND} ORDER BY seq`,
      no,
      lastGood,
    );
    return rows.map(([seq]) => seq);
  }

  #listed(no: number): ListedSegment[] {
    return this.#tolerant(() => this.segments.of(no));
  }

  #segment(no: number, header: SegmentHeader): Remnant[] {
    return this.#tolerant(() => {
      const content = this.segments.content(no, header.first).toString('base64');
      const bundle = this.segments.bundle(no, header.first).toString('base64');
      return [{ kind: 'segment', ...header, content, bundle }];
    });
  }

  #entry(no: number, seq: number): Remnant[] {
    const sql = `SELECT ${bytes('line')}, ${bytes('hash')} FROM entries WHERE session = ? AND seq = ?`;
    return this.#readable<[Buffer, Buffer]>(sql, no, seq).map(([line, hash]) => ({
      kind: 'entry',
      seq,
      line: line.toString('base64'),
      hash: hash.toString('hex'),
    }));
  }

  #blob(no: number, seq: number): Remnant[] {
    const sql = `SELECT CAST(form AS INTEGER), ${bytes('content')} FROM blobs WHERE session = ? AND seq = ?`;
    return this.#readable<[number, Buffer]>(sql, no, seq).map(([form, content]) => ({
      kind: 'blob',
      seq,
      form,
      content: content.toString('base64'),
    }));
  }

  #readable<Columns>(sql: string, ...values: number[]): Columns[] {
    return this.#tolerant(() => this.connection.prepare(sql).raw().all(values) as Columns[]);
  }

  /** @returns what was read; nothing where a damaged page stands in the way. */
  #tolerant<Item>(read: () => Item[]): Item[] {
    try {
      return read();
    } catch (error) {
      if (failureOf(error)) return [];
      throw error;
    }
  }
}
