/** A session's rows from wherever they are: the old ones unpacked from segments, the newest from their own tables. */
import type { Entry } from '../session/entry.js';
import type { Filed } from './admission.js';
import { BrokenLink, type Row } from './chain-walk.js';
import { lists, type SegmentHeader, unpackBundle, unpackLines } from './segment.js';
import type { Form } from './snapshot-bytes.js';
import type { ListedSegment, Segments } from './sqlite-segments.js';
import type { Tables } from './sqlite-tables.js';
import { WeightedCache } from './weighted-cache.js';

/** Bytes of unpacked entries, of snapshots, and of listed keys that are kept: paging goes back and forth in a few. */
const LINES_CAPACITY = 8 * 1024 * 1024;
const BUNDLES_CAPACITY = 8 * 1024 * 1024;
const LISTS_CAPACITY = 8 * 1024 * 1024;

/** What a listed segment weighs beside its keys. */
const HEADER_WEIGHT = 512;

/** An evaluation's entry found in a segment. */
export interface SegmentPlace {
  readonly seq: number;
  readonly type: 'input' | 'output';
}

export class History {
  readonly #lines = new WeightedCache<readonly Row[]>(LINES_CAPACITY);
  readonly #bundles = new WeightedCache<ReadonlyMap<number, Buffer>>(BUNDLES_CAPACITY);
  readonly #lists = new WeightedCache<readonly ListedSegment[]>(LISTS_CAPACITY);

  constructor(
    private readonly tables: Tables,
    private readonly segmentRows: Segments,
  ) {}

  /** @returns rows `from` to `to`, both included, as far as they are there. @throws {BrokenLink} for a damaged segment */
  rows(no: number, from: number, to: number): Row[] {
    const rows: Row[] = [];
    let next = from;
    for (const { header } of this.segments(no)) {
      if (header.last < next || header.first > to) continue;
      for (const row of this.lines(no, header)) if (row.seq >= from && row.seq <= to) rows.push(row);
      next = header.last + 1;
    }
    if (next <= to) for (const row of this.tables.rows(no, next, to)) rows.push(row);
    return rows;
  }

  /** @returns the chain hash at a revision, without unpacking where a segment ends with it. */
  hashAt(no: number, seq: number): string | undefined {
    const end = this.segments(no).find(({ header }) => header.last === seq);
    return end?.header.after ?? this.rows(no, seq, seq)[0]?.hash;
  }

  /** @returns the bytes of a snapshot as they are stored. */
  blob(no: number, seq: number): { form: Form | undefined; content: Uint8Array } | undefined {
    const stored = this.tables.blob(no, seq);
    if (stored) return stored;
    const segment = this.#containing(no, seq);
    const content = segment && this.bundle(no, segment.header).get(seq);
    return content && { form: 'raw', content: Buffer.from(content) };
  }

  /** @throws {BrokenLink} when damage may hide the key */
  filed(no: number, key: string): Filed {
    const { input, output } = this.tables.filed(no, key);
    const types = this.places(no, key).map(({ type }) => type);
    return { input: input || types.includes('input'), output: output || types.includes('output') };
  }

  /** @returns where a key is in segments. @throws {BrokenLink} when damage may hide it */
  places(no: number, key: string): SegmentPlace[] {
    const listed = this.#listed(no);
    if (listed.some(({ intact, keys }) => !intact || !keys))
      throw new BrokenLink('the keys of old entries are damaged');
    return listed
      .filter(({ keys }) => keys && lists(keys, key))
      .flatMap(({ header }) => this.lines(no, header).flatMap((row) => placeOf(row, key)));
  }

  /** @returns whether damage to what is known of a segment may hide keys. */
  hidesKeys(no: number): boolean {
    return this.#listed(no).some(({ intact, keys }) => !intact || !keys);
  }

  /** @returns whether an entry's key leads to it; also when it has none. */
  isFiled(no: number, entry: Entry): boolean {
    const segment = this.#containing(no, entry.seq);
    if (!segment) return this.tables.isFiled(no, entry);
    if (entry.type !== 'input' && entry.type !== 'output') return true;
    return segment.keys !== undefined && lists(segment.keys, entry.key);
  }

  /** @returns the segments of a session, in order; those whose header is damaged are as good as not there. */
  segments(no: number): readonly ListedSegment[] {
    return this.#listed(no).filter(({ intact }) => intact);
  }

  /** @returns the last revision that is in a segment. */
  compacted(no: number): number {
    return this.segments(no).at(-1)?.header.last ?? 0;
  }

  /** @returns the entries of a segment. @throws {BrokenLink} */
  lines(no: number, header: SegmentHeader): readonly Row[] {
    const unpack = () => unpackLines(header, this.segmentRows.content(no, header.first));
    return this.#lines.get(nameOf(no, header), unpack, () => header.size);
  }

  /** Spares a segment that was just made its unpacking: it will soon be added to. */
  remember(no: number, header: SegmentHeader, rows: readonly Row[]): void {
    this.#lines.get(
      nameOf(no, header),
      () => rows,
      () => header.size,
    );
  }

  /** @returns the snapshots in a segment, not yet believed. */
  bundle(no: number, header: SegmentHeader): ReadonlyMap<number, Buffer> {
    const unpack = () => unpackBundle(header, this.segmentRows.bundle(no, header.first));
    return this.#bundles.get(nameOf(no, header), unpack, () => header.bundleSize);
  }

  /** The segments of a session changed. */
  forget(no: number): void {
    this.#lists.delete(String(no));
  }

  /** A transaction was undone: what was read during it may never have been. */
  forgetAll(): void {
    this.#lists.clear();
  }

  #listed(no: number): readonly ListedSegment[] {
    const weigh = (list: readonly ListedSegment[]) => {
      return list.reduce((sum, { keys }) => sum + HEADER_WEIGHT + (keys?.length ?? 0), HEADER_WEIGHT);
    };
    return this.#lists.get(String(no), () => this.segmentRows.of(no), weigh);
  }

  #containing(no: number, seq: number): ListedSegment | undefined {
    return this.segments(no).find(({ header }) => header.first <= seq && seq <= header.last);
  }
}

/** Names what a segment holds: after a change it is another one. */
function nameOf(no: number, { first, last, after }: SegmentHeader): string {
  return `${no} ${first} ${last} ${after}`;
}

function placeOf({ seq, line }: Row, key: string): SegmentPlace[] {
  const entry = JSON.parse(line) as Entry;
  const isFiled = (entry.type === 'input' || entry.type === 'output') && entry.key === key;
  return isFiled ? [{ seq, type: entry.type }] : [];
}
