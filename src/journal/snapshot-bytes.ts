/** Snapshots as they are stored: deflated when that helps, and believed only when their digest says so. */
import { createHash, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, deflate, deflateSync, inflateSync } from 'node:zlib';

/** Bytes above which packing leaves the event loop: 64 KiB take about 1 ms, the time of a commit. */
export const OFF_LOOP_BYTES = 64 * 1024;

/** Bytes below which deflating cannot save a database page worth having. */
const DEFLATE_FROM_BYTES = 512;

/** A snapshot is written far more often than read, and level 1 is three to four times as fast as the default. */
const OPTIONS = { level: constants.Z_BEST_SPEED };

export interface PackedSnapshot {
  readonly deflated: boolean;
  readonly content: Uint8Array;
  /** SHA-256 of the bytes before packing, hex. */
  readonly digest: string;
  /** Bytes before packing. */
  readonly size: number;
}

export function pack(bytes: Uint8Array): PackedSnapshot {
  const digest = createHash('sha256').update(bytes).digest('hex');
  const deflated = bytes.length < DEFLATE_FROM_BYTES ? undefined : deflateSync(bytes, OPTIONS);
  return smaller(Buffer.from(bytes), deflated, digest);
}

/** As `pack`, on the thread pool. Copies first: the caller may reuse its buffer at once. */
export async function packOffLoop(bytes: Uint8Array): Promise<PackedSnapshot> {
  const copy = new Uint8Array(bytes);
  const [digest, deflated] = await Promise.all([
    webcrypto.subtle.digest('SHA-256', copy),
    promisify<Uint8Array, typeof OPTIONS, Buffer>(deflate)(copy, OPTIONS),
  ]);
  return smaller(copy, deflated, Buffer.from(digest).toString('hex'));
}

function smaller(bytes: Uint8Array, deflated: Uint8Array | undefined, digest: string): PackedSnapshot {
  const helps = deflated !== undefined && deflated.length < bytes.length;
  return { deflated: helps, content: helps ? deflated : bytes, digest, size: bytes.length };
}

/** @returns the bytes, or nothing when `content` is not what was packed. */
export function unpack(
  content: Uint8Array,
  deflated: boolean,
  expected: { readonly digest: string; readonly size: number },
): Uint8Array | undefined {
  const bytes = deflated ? inflate(content, expected.size) : content;
  if (bytes?.length !== expected.size) return undefined;
  return createHash('sha256').update(bytes).digest('hex') === expected.digest ? bytes : undefined;
}

/** The size is bounded: damaged bytes may claim to unfold into gigabytes. */
function inflate(content: Uint8Array, size: number): Uint8Array | undefined {
  try {
    return inflateSync(content, { maxOutputLength: Math.max(size, 1) });
  } catch {
    return undefined;
  }
}
