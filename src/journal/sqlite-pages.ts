/**
 * Reads rows straight out of the pages of a SQLite file and its log, where SQLite itself refuses to: nothing but the
 * leaves is needed, so damage costs the rows it strikes. Layout: https://www.sqlite.org/fileformat2.html
 */

export type Value = number | Buffer | null;

export interface RawRecord {
  readonly values: readonly Value[];
  /** Number of the row; 0 in a table without them. */
  readonly row: number;
  /** Whether it is on a page that is in use as far as one can tell, or on an older copy of one. */
  readonly current: boolean;
}

interface Image {
  readonly number: number;
  readonly page: Buffer;
  readonly current: boolean;
}

/** Of every journal: the size that SQLite chooses by itself. */
const PAGE = 4096;

const FILE_HEADER = 100;
const FREE_PAGES_AT = 32;
const LOG_HEADER = 32;
const FRAME_HEADER = 24;

/** Types of pages that have rows: leaves of tables, and both kinds of pages of tables without row numbers. */
const TABLE_LEAF = 0x0d;
const INDEX_LEAF = 0x0a;
const INDEX_INTERIOR = 0x02;

/** What a record may have of bytes: longer is a damaged length. */
const LONGEST = 1024 * 1024 * 1024;

/** @returns the records on all pages, those in use first. */
export function* recordsOf(file: Buffer, log: Buffer): Generator<RawRecord> {
  const images = imagesOf(file, log);
  const present = new Map(images.filter(({ current }) => current).map(({ number, page }) => [number, page]));
  const free = freePages(present);
  const inUse = ({ number, current }: Image) => current && !free.has(number);
  for (const image of [...images.filter(inUse), ...images.filter((each) => !inUse(each))]) {
    for (const record of recordsOn(image, present)) yield { ...record, current: inUse(image) };
  }
}

/** @returns every copy of every page, of which the last one is current. */
function imagesOf(file: Buffer, log: Buffer): Image[] {
  const pages: { number: number; page: Buffer }[] = [];
  for (let at = 0; at < file.length; at += PAGE) {
    pages.push({ number: at / PAGE + 1, page: padded(file.subarray(at, at + PAGE)) });
  }
  pages.push(...framesOf(log));
  const newest = new Map(pages.map(({ number, page }) => [number, page]));
  return pages.map(({ number, page }) => ({ number, page, current: newest.get(number) === page }));
}

function framesOf(log: Buffer): { number: number; page: Buffer }[] {
  const frames: { number: number; page: Buffer }[] = [];
  for (let at = LOG_HEADER; at + FRAME_HEADER < log.length; at += FRAME_HEADER + PAGE) {
    // Frames of an earlier turn of the log are older than the file.
    if (!log.subarray(at + 8, at + 16).equals(log.subarray(16, 24))) continue;
    const start = at + FRAME_HEADER;
    frames.push({ number: log.readUInt32BE(at), page: padded(log.subarray(start, start + PAGE)) });
  }
  return frames;
}

function padded(page: Buffer): Buffer {
  return page.length === PAGE ? page : Buffer.concat([page, Buffer.alloc(PAGE - page.length)]);
}

/** @returns the pages that the file says are free: what is on them was removed. */
function freePages(present: ReadonlyMap<number, Buffer>): Set<number> {
  const free = new Set<number>();
  let trunk = present.get(1)?.readUInt32BE(FREE_PAGES_AT) ?? 0;
  while (trunk > 0 && !free.has(trunk)) {
    free.add(trunk);
    const page = present.get(trunk);
    if (!page) break;
    const count = Math.min(page.readUInt32BE(4), PAGE / 4 - 2);
    for (let index = 0; index < count; index += 1) free.add(page.readUInt32BE(8 + 4 * index));
    trunk = page.readUInt32BE(0);
  }
  return free;
}

/** @returns the records on a page; what cannot be one is passed over. */
function* recordsOn(
  { number, page }: Image,
  present: ReadonlyMap<number, Buffer>,
): Generator<Omit<RawRecord, 'current'>> {
  const start = number === 1 ? FILE_HEADER : 0;
  const type = page[start];
  if (type !== TABLE_LEAF && type !== INDEX_LEAF && type !== INDEX_INTERIOR) return;
  const pointers = start + (type === INDEX_INTERIOR ? 12 : 8);
  const count = Math.min(page.readUInt16BE(start + 3), (PAGE - pointers) / 2);
  for (let index = 0; index < count; index += 1) {
    const record = recordAt(page, page.readUInt16BE(pointers + 2 * index), type, present);
    if (record) yield record;
  }
}

function recordAt(
  page: Buffer,
  at: number,
  type: number,
  present: ReadonlyMap<number, Buffer>,
): Omit<RawRecord, 'current'> | undefined {
  try {
    const size = varint(page, type === INDEX_INTERIOR ? at + 4 : at);
    const row = type === TABLE_LEAF ? varint(page, size.next) : { value: 0, next: size.next };
    return { row: row.value, values: parse(payloadOf(page, row.next, size.value, type, present)) };
  } catch (error) {
    // By name, since a buffer's own error is of another realm than a test's.
    if ((error as Error).name === 'RangeError') return undefined;
    throw error;
  }
}

/** @returns the bytes of a record, those on overflow pages included. @throws {RangeError} */
function payloadOf(
  page: Buffer,
  start: number,
  size: number,
  type: number,
  present: ReadonlyMap<number, Buffer>,
): Buffer {
  if (size > LONGEST) throw new RangeError('too long');
  const most = type === TABLE_LEAF ? PAGE - 35 : Math.floor(((PAGE - 12) * 64) / 255) - 23;
  if (size <= most) return slice(page, start, size);
  const least = Math.floor(((PAGE - 12) * 32) / 255) - 23;
  const fitting = least + ((size - least) % (PAGE - 4));
  const local = fitting <= most ? fitting : least;
  const parts = [slice(page, start, local)];
  let next = page.readUInt32BE(start + local);
  for (let left = size - local; left > 0; left -= PAGE - 4) {
    const overflow = present.get(next);
    if (!overflow) throw new RangeError('an overflow page is missing');
    parts.push(overflow.subarray(4, 4 + Math.min(left, PAGE - 4)));
    next = overflow.readUInt32BE(0);
  }
  return Buffer.concat(parts);
}

/** @throws {RangeError} when the record is not one */
function parse(payload: Buffer): Value[] {
  const header = varint(payload, 0);
  const types: number[] = [];
  for (let at = header.next; at < header.value; ) {
    const type = varint(payload, at);
    types.push(type.value);
    at = type.next;
  }
  let at = header.value;
  return types.map((type) => {
    const length = lengthOf(type);
    const value = valueFrom(type, slice(payload, at, length));
    at += length;
    return value;
  });
}

/** Bytes of the serial types 0 to 9: null, integers, a float, and the constants 0 and 1. */
const LENGTHS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

function lengthOf(type: number): number {
  return type >= 12 ? Math.floor((type - 12) / 2) : (LENGTHS[type] ?? 0);
}

function valueFrom(type: number, bytes: Buffer): Value {
  if (type >= 12) return bytes;
  if (type === 8 || type === 9) return type - 8;
  if (type >= 1 && type <= 5) return bytes.readIntBE(0, bytes.length);
  return type === 6 ? Number(bytes.readBigInt64BE(0)) : null;
}

function slice(bytes: Buffer, start: number, length: number): Buffer {
  if (start + length > bytes.length) throw new RangeError('beyond the end');
  return bytes.subarray(start, start + length);
}

/** @throws {RangeError} beyond the end */
function varint(bytes: Buffer, at: number): { value: number; next: number } {
  let value = 0;
  for (let index = 0; index < 8; index += 1) {
    const byte = bytes.readUInt8(at + index);
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, next: at + index + 1 };
  }
  return { value: value * 256 + bytes.readUInt8(at + 8), next: at + 9 };
}
