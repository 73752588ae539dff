/**
 * Segments: runs of old entries, compressed together with their snapshots. The hashes of the entries are not stored,
 * as they follow from the one before the run; the one after it proves all of them when it is read.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompressSync, constants } from 'node:zlib';
import { chainHash } from '../session/chain.js';
import type { Entry } from '../session/entry.js';
import { BrokenLink, type Row } from './chain-walk.js';

export interface SegmentHeader {
  readonly first: number;
  readonly last: number;
  /** Chain hash before `first`, and at `last`. */
  readonly before: string;
  readonly after: string;
  /** Bytes of the entries, and of the snapshots with their directory, before compression. */
  readonly size: number;
  readonly bundleSize: number;
}

export interface Segment extends SegmentHeader {
  /** Digests of the keys in it, in order. */
  readonly keys: Buffer;
  /** The entries' lines, compressed. */
  readonly content: Buffer;
  /** The snapshots that were taken along, compressed: a directory in the first line, then their bytes. */
  readonly bundle: Buffer;
}

/** Lines of JSON have none in them, unless another program wrote them. */
export const LINE_FEED = '\n';

/** Bytes of a key's digest: keys that share one are told apart by their entries, which then have to be unpacked. */
const DIGEST_BYTES = 6;

/** Quality 5 takes a tenth of the time of 9 for 2% more bytes. The window spans a whole segment. */
const OPTIONS = { params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 22 } };

/** Compresses on the thread pool. */
export const compress = promisify<Uint8Array, typeof OPTIONS, Buffer>(brotliCompress).bind(undefined);

/** What goes into a segment. */
export interface Contents {
  readonly first: number;
  readonly before: string;
  readonly after: string;
  readonly rows: readonly Row[];
  readonly keys: Buffer;
  readonly blobs: ReadonlyMap<number, Uint8Array>;
}

export async function packSegment({ first, before, after, rows, keys, blobs }: Contents): Promise<Segment> {
  const text = Buffer.from(rows.map(({ line }) => line).join(LINE_FEED));
  const raw = bundle(blobs);
  const [content, packed] = await Promise.all([compress(text, OPTIONS), compress(raw, OPTIONS)]);
  const last = first + rows.length - 1;
  return { first, last, before, after, size: text.length, bundleSize: raw.length, keys, content, bundle: packed };
}

/** @returns the entries as rows. @throws {BrokenLink} when any of them is not what was written */
export function unpackLines({ first, last, before, after, size }: SegmentHeader, content: Uint8Array): Row[] {
  let hash = before;
  const lines = decompress(content, size)?.toString().split(LINE_FEED) ?? [];
  const rows = lines.map((line, index) => {
    hash = chainHash(hash, line);
    return { seq: first + index, line, hash };
  });
  if (rows.length !== last - first + 1 || hash !== after) {
    throw new BrokenLink(`entries ${first} to ${last} do not match the hash they end with`);
  }
  return rows;
}

/** @returns the snapshots' bytes by revision, to be believed when their digests match; none when nothing can be read. */
export function unpackBundle({ bundleSize }: SegmentHeader, packed: Uint8Array): ReadonlyMap<number, Buffer> {
  const raw = decompress(packed, bundleSize);
  const blobs = new Map<number, Buffer>();
  let at = (raw?.indexOf(LINE_FEED) ?? -1) + 1;
  if (!raw || at === 0) return blobs;
  for (const [seq, length] of directoryOf(raw.toString('latin1', 0, at))) {
    blobs.set(seq, raw.subarray(at, at + length));
    at += length;
  }
  return blobs;
}

function bundle(blobs: ReadonlyMap<number, Uint8Array>): Buffer {
  const directory = [...blobs].map(([seq, bytes]) => [seq, bytes.length]);
  return Buffer.concat([Buffer.from(`${JSON.stringify(directory)}${LINE_FEED}`), ...blobs.values()]);
}

function directoryOf(line: string): [seq: number, length: number][] {
  try {
    return JSON.parse(line) as [number, number][];
  } catch {
    return [];
  }
}

/** The size is bounded: damaged bytes may claim to unfold into gigabytes. */
function decompress(content: Uint8Array, size: number): Buffer | undefined {
  try {
    return brotliDecompressSync(content, { maxOutputLength: Math.max(size, 1) });
  } catch {
    return undefined;
  }
}

/** @returns the digests of the entries' keys, in order, each once. */
export function listKeys(entries: readonly Entry[], more: Buffer = Buffer.of()): Buffer {
  const digests = new Set<number>();
  for (let at = 0; at < more.length; at += DIGEST_BYTES) digests.add(more.readUIntBE(at, DIGEST_BYTES));
  const keys = new Set<string>();
  for (const entry of entries) if (entry.type === 'input' || entry.type === 'output') keys.add(entry.key);
  for (const key of keys) digests.add(digestOf(key));
  const list = Buffer.alloc(digests.size * DIGEST_BYTES);
  const ordered = Float64Array.from(digests).sort();
  for (const [index, digest] of ordered.entries()) list.writeUIntBE(digest, index * DIGEST_BYTES, DIGEST_BYTES);
  return list;
}

/** @returns whether `key` may be among the keys; if not, it certainly is not. */
export function lists(keys: Buffer, key: string): boolean {
  const wanted = digestOf(key);
  let low = 0;
  let high = keys.length / DIGEST_BYTES;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = keys.readUIntBE(middle * DIGEST_BYTES, DIGEST_BYTES);
    if (found === wanted) return true;
    if (found < wanted) low = middle + 1;
    else high = middle;
  }
  return false;
}

function digestOf(key: string): number {
  return createHash('sha256').update(key).digest().readUIntBE(0, DIGEST_BYTES);
}

/** Covers what the chain does not: whose segment it is. @param no the session's number */
export function sealOf(no: number, { first, last, before, after, size, bundleSize }: SegmentHeader): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([no, first, last, before, after, size, bundleSize]))
    .digest();
}

/** Without it, damage could make an evaluation look like one that never was. @param no the session's number */
export function keysSealOf(no: number, first: number, keys: Uint8Array): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([no, first]))
    .update(keys)
    .digest();
}
