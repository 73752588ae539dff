/** Reads archives, packed or not, in small steps: between two of them everything else that waits has its turn. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGunzip, type Gunzip } from 'node:zlib';
import type { Archive } from './archive.js';
import { ArchiveDecoder, type Survey } from './archive-decoder.js';
import { ArchiveTooLarge, DamagedArchive } from './archive-errors.js';
import { ARCHIVE_LIMITS, type ArchiveLimits } from './archive-limits.js';

/** Bytes of text looked at in one turn of the event loop: some ms of hashing and parsing. */
export const BYTES_A_TURN = 64 * 1024;

/** Packed bytes unpacked at a time: at most a thousand times as many come out. */
const PACKED_STEP_BYTES = 16 * 1024;

/**
 * Reads an archive and checks all of it.
 * @param bytes of the archive, packed with gzip or not
 * @throws {DamagedArchive} @throws {NewerArchive} @throws {ArchiveTooLarge}
 */
export async function readArchive(bytes: Buffer, limits: ArchiveLimits = ARCHIVE_LIMITS): Promise<Archive> {
  const decoder = new ArchiveDecoder(limits);
  await feed(decoder, bytes, limits);
  return decoder.end();
}

/** @returns what can still be told of an archive that is not what was written */
export async function surveyArchive(bytes: Buffer): Promise<Survey> {
  const decoder = new ArchiveDecoder();
  try {
    await feed(decoder, bytes, ARCHIVE_LIMITS);
    // The last line may be whole, and only its end be cut off.
    decoder.write(Buffer.from('\n'));
  } catch {
    // What was good before it counts.
  }
  return decoder.survey();
}

/** Known by its first two bytes (RFC 1952). */
export function isPacked(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

async function feed(decoder: ArchiveDecoder, bytes: Buffer, { ratio, freeBytes }: ArchiveLimits): Promise<void> {
  if (!isPacked(bytes)) {
    for await (const piece of inTurns(bytes)) decoder.write(piece);
    return;
  }
  for await (const piece of unpacked(bytes)) {
    decoder.write(piece);
    if (decoder.entryBytes > Math.max(freeBytes, ratio * bytes.length)) {
      throw new ArchiveTooLarge(`The archive unpacks to more than ${ratio} times its size`);
    }
  }
}

async function* inTurns(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += BYTES_A_TURN) {
    yield bytes.subarray(at, at + BYTES_A_TURN);
    await nextTurn();
  }
}

/** What came out before the damage is still read: it may be all that somebody wants to know. */
async function* unpacked(packed: Buffer): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  let out: Buffer[] = [];
  let failure: Error | undefined;
  gunzip.on('data', (piece: Buffer) => out.push(piece));
  gunzip.on('error', (error) => {
    failure = error;
  });
  try {
    for (let at = 0; at < packed.length && !failure; at += PACKED_STEP_BYTES) {
      await step(gunzip, packed.subarray(at, at + PACKED_STEP_BYTES), at + PACKED_STEP_BYTES >= packed.length);
      const ready = Buffer.concat(out);
      out = [];
      yield* inTurns(ready);
    }
  } finally {
    gunzip.destroy();
  }
  if (failure) throw new DamagedArchive(`The archive cannot be unpacked: ${failure.message}`);
}

/** Resolves when everything that these bytes give has come out, or nothing more will. */
function step(gunzip: Gunzip, bytes: Buffer, isLast: boolean): Promise<void> {
  return new Promise((resolve) => {
    // What stands behind the end of the packed text is not looked at.
    if (gunzip.readableEnded || gunzip.destroyed) return resolve();
    gunzip.once('close', resolve);
    const done = () => {
      gunzip.off('close', resolve);
      resolve();
    };
    if (isLast) gunzip.once('end', done).end(bytes);
    else gunzip.write(bytes, done);
  });
}
