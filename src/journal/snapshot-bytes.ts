/** Snapshots as they are stored: deflated when that helps, and believed only when their digest says so. */
import { createHash, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, deflate, deflateSync, inflateSync } from 'node:zlib';
import { BrokenLink } from './chain-walk.js';

/** Bytes above which packing leaves the event loop: 64 KiB take about 1 ms, the time of a commit. */
export const OFF_LOOP_BYTES = 64 * 1024;

/** Bytes below which deflating cannot save a database page worth having. */
const DEFLATE_FROM_BYTES = 512;

/** A snapshot is written far more often than read, and level 1 is three to four times as fast as the default. */
const OPTIONS = { level: constants.Z_BEST_SPEED };

/** How the content stands for the snapshot's bytes; `absent` when a copy came without them. */
export type Form = 'raw' | 'deflated' | 'absent';

export interface PackedSnapshot {
  readonly form: Form;
  readonly content: Uint8Array;
  /** SHA-256 of the bytes before packing, hex. */
  readonly digest: string;
  /** Bytes before packing. */
  readonly size: number;
}

/**
 * Stands for bytes that were left out of a copy: an archive holds only the snapshots that a restore needs. The content
 * repeats the digest, so that damage cannot turn a snapshot into an absent one.
 */
export function absent(digest: string, size: number): PackedSnapshot {
  return { form: 'absent', content: Buffer.from(digest), digest, size };
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
  return { form: helps ? 'deflated' : 'raw', content: helps ? deflated : bytes, digest, size: bytes.length };
}

/** @returns the bytes, or nothing when they are absent. @throws {BrokenLink} when `packed` is not what was packed. */
export function unpack({ form, content, digest, size }: PackedSnapshot): Uint8Array | undefined {
  if (form === 'absent' && Buffer.from(digest).equals(content)) return undefined;
  const bytes = form === 'deflated' ? inflate(content, size) : content;
  if (bytes?.length !== size || createHash('sha256').update(bytes).digest('hex') !== digest) {
    throw new BrokenLink('the bytes of the snapshot are not what was written');
  }
  return bytes;
}

/** The size is bounded: damaged bytes may claim to unfold into gigabytes. */
function inflate(content: Uint8Array, size: number): Uint8Array | undefined {
  try {
    return inflateSync(content, { maxOutputLength: Math.max(size, 1) });
  } catch {
    return undefined;
  }
}
