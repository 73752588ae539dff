/** Archives on their way in: pieces are collected in memory, within limits, and read when the last has come. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ProtocolError } from '../protocol/errors.js';
import { MAX_ARCHIVE_BYTES, MAX_UNPACKED_BYTES } from '../protocol/limits.js';
import { type Archive, DamagedArchive, decodeArchive, NewerArchive } from '../session/archive.js';
import { MAX_UPLOADS, UPLOAD_IDLE_MS } from './settings.js';

interface Upload {
  pieces: Buffer[];
  bytes: number;
  timer: NodeJS.Timeout;
}

export class Uploads {
  readonly #uploads = new Map<string, Upload>();

  /**
   * Takes a piece. A piece that came before (a retry) is ignored; a gap ends the upload.
   * @returns bytes received so far
   * @throws {ProtocolError} LimitExceeded, InvalidParameters
   */
  add(id: string, offset: number, data: Buffer): number {
    const upload = this.#uploads.get(id) ?? this.#begin(id);
    if (offset > upload.bytes) {
      this.#end(id);
      throw new ProtocolError(
        'InvalidParameters',
        `import_session: "offset": ${upload.bytes} bytes came so far; begin again`,
      );
    }
    if (offset === upload.bytes) {
      if (upload.bytes + data.byteLength > MAX_ARCHIVE_BYTES) {
        this.#end(id);
        throw new ProtocolError('LimitExceeded', `An archive has at most ${MAX_ARCHIVE_BYTES} bytes`);
      }
      upload.pieces.push(data);
      upload.bytes += data.byteLength;
    }
    upload.timer.refresh();
    return upload.bytes;
  }

  /** Unpacks and verifies what came. @throws {ProtocolError} DamagedData, LimitExceeded */
  async finish(id: string): Promise<Archive> {
    const upload = this.#uploads.get(id);
    if (!upload) throw new ProtocolError('InvalidParameters', 'import_session: no such upload');
    this.#end(id);
    return readArchive(Buffer.concat(upload.pieces));
  }

  #begin(id: string): Upload {
    if (this.#uploads.size >= MAX_UPLOADS) {
      throw new ProtocolError('LimitExceeded', `${MAX_UPLOADS} uploads are in progress; try again when one has ended`);
    }
    const timer = setTimeout(() => this.#uploads.delete(id), UPLOAD_IDLE_MS).unref();
    const upload = { pieces: [], bytes: 0, timer };
    this.#uploads.set(id, upload);
    return upload;
  }

  #end(id: string): void {
    clearTimeout(this.#uploads.get(id)?.timer);
    this.#uploads.delete(id);
  }
}

async function readArchive(bytes: Buffer): Promise<Archive> {
  try {
    const text = await promisify(gunzip)(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
    return decodeArchive(text.toString('utf8'));
  } catch (error) {
    if (error instanceof DamagedArchive || error instanceof NewerArchive) {
      throw new ProtocolError('DamagedData', error.message);
    }
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      throw new ProtocolError('LimitExceeded', `The archive unpacks to more than ${MAX_UNPACKED_BYTES} bytes`);
    }
    throw new ProtocolError('DamagedData', `The archive cannot be unpacked: ${message}`);
  }
}
