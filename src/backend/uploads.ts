/** Archives on their way in: pieces are collected in memory, within limits, and read when the last has come. */
import { ProtocolError } from '../protocol/errors.js';
import { MAX_ARCHIVE_BYTES } from '../protocol/limits.js';
import type { Archive } from '../session/archive.js';
import { ArchiveTooLarge, DamagedArchive, NewerArchive } from '../session/archive-errors.js';
import { readArchive } from '../session/archive-reader.js';
import { Lane } from './lane.js';
import { MAX_UPLOADED_BYTES, MAX_UPLOADS, UPLOAD_IDLE_MS } from './settings.js';
import { REAL_TIMER, type Timer } from './timer.js';

export interface Piece {
  /** Two clients may give their uploads the same id. */
  readonly client: string | undefined;
  readonly upload: string;
  readonly offset: number;
  readonly data: Buffer;
}

interface Upload {
  readonly pieces: Buffer[];
  bytes: number;
  cancelTimer: () => void;
}

export class Uploads {
  readonly #uploads = new Map<string, Upload>();
  /** Archives are read one after another: each may take a few times its size while it is. */
  readonly #reading = new Lane();

  constructor(private readonly after: Timer = REAL_TIMER) {}

  /**
   * Takes a piece. What came before (a retry) has to be the same and is passed over; a gap ends the upload.
   * @returns bytes received so far
   * @throws {ProtocolError} LimitExceeded, InvalidParameters
   */
  add({ client, upload: id, offset, data }: Piece): number {
    const key = keyOf(client, id);
    const upload = this.#uploads.get(key) ?? this.#begin(key);
    if (offset > upload.bytes) {
      this.#end(key);
      throw new ProtocolError('InvalidParameters', `"offset": ${upload.bytes} bytes came so far; begin again`);
    }
    const known = upload.bytes - offset;
    if (!isAt(upload.pieces, offset, data.subarray(0, known))) {
      throw new ProtocolError('InvalidParameters', `"upload": other bytes came under the id ${id}; take another one`);
    }
    const fresh = data.subarray(known);
    this.#requireRoom(key, upload, fresh.byteLength);
    if (fresh.byteLength > 0) upload.pieces.push(fresh);
    upload.bytes += fresh.byteLength;
    upload.cancelTimer();
    upload.cancelTimer = this.after(UPLOAD_IDLE_MS, () => this.#end(key));
    return upload.bytes;
  }

  /** Unpacks and verifies what came. @throws {ProtocolError} DamagedData, LimitExceeded */
  async finish(client: string | undefined, id: string): Promise<Archive> {
    const key = keyOf(client, id);
    const upload = this.#uploads.get(key);
    if (!upload) throw new ProtocolError('InvalidParameters', '"upload": there is no such upload');
    this.#end(key);
    return this.#reading.run(() => read(Buffer.concat(upload.pieces)));
  }

  #begin(key: string): Upload {
    if (this.#uploads.size >= MAX_UPLOADS) {
      throw new ProtocolError('LimitExceeded', `${MAX_UPLOADS} uploads are in progress; try again when one has ended`);
    }
    const upload = { pieces: [], bytes: 0, cancelTimer: () => {} };
    this.#uploads.set(key, upload);
    return upload;
  }

  #requireRoom(key: string, { bytes }: Upload, more: number): void {
    if (bytes + more > MAX_ARCHIVE_BYTES) {
      this.#end(key);
      throw new ProtocolError('LimitExceeded', `An archive has at most ${MAX_ARCHIVE_BYTES} bytes`);
    }
    const all = [...this.#uploads.values()].reduce((sum, upload) => sum + upload.bytes, 0);
    if (all + more <= MAX_UPLOADED_BYTES) return;
    this.#end(key);
    throw new ProtocolError(
      'LimitExceeded',
      `Uploads in progress take at most ${MAX_UPLOADED_BYTES} bytes together; try again when one has ended`,
    );
  }

  #end(key: string): void {
    this.#uploads.get(key)?.cancelTimer();
    this.#uploads.delete(key);
  }
}

function keyOf(client: string | undefined, id: string): string {
  return JSON.stringify([client ?? null, id]);
}

/** @returns whether `data` is what the pieces have from `offset` on */
function isAt(pieces: readonly Buffer[], offset: number, data: Buffer): boolean {
  let start = 0;
  for (const piece of pieces) {
    const from = Math.max(offset, start);
    const to = Math.min(offset + data.length, start + piece.length);
    const isSame =
      from >= to || piece.subarray(from - start, to - start).equals(data.subarray(from - offset, to - offset));
    if (!isSame) return false;
    start += piece.length;
  }
  return true;
}

async function read(bytes: Buffer): Promise<Archive> {
  try {
    return await readArchive(bytes);
  } catch (error) {
    if (error instanceof DamagedArchive || error instanceof NewerArchive) {
      throw new ProtocolError('DamagedData', error.message);
    }
    if (error instanceof ArchiveTooLarge) throw new ProtocolError('LimitExceeded', error.message);
    throw error;
  }
}
