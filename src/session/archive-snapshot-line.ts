/** The line of a snapshot in an archive: large, so it is decoded and digested as it comes, and never there as a whole. */
import { createHash } from 'node:crypto';
import { DamagedArchive } from './archive-errors.js';
import type { SnapshotRef } from './entry.js';

/** Characters of base64 that stand for whole bytes. */
const GROUP = 4;

export class SnapshotLine {
  readonly #before: string;
  readonly #dataLength: number;
  readonly #digest = createHash('sha256');
  readonly #bytes: Buffer[] = [];
  #length = 0;
  /** What stands around the data. */
  #frame = '';
  /** Characters that make no whole group yet. */
  #rest = '';

  /** @param expected what the entry says of the snapshot */
  constructor(private readonly expected: SnapshotRef) {
    this.#before = `{"snapshot":${expected.seq},"data":"`;
    this.#dataLength = Math.ceil(expected.bytes / 3) * GROUP;
  }

  get seq(): number {
    return this.expected.seq;
  }

  /** @throws {DamagedArchive} where it is longer than the snapshot */
  write(piece: Buffer): void {
    const within = (place: number) => Math.min(piece.length, Math.max(0, place - this.#length));
    const start = within(this.#before.length);
    const end = within(this.#before.length + this.#dataLength);
    this.#length += piece.length;
    if (this.#length > this.#wholeLength) throw this.#changed();
    this.#frame += piece.toString('latin1', 0, start) + piece.toString('latin1', end);
    this.#decode(this.#rest + piece.toString('latin1', start, end));
  }

  /** @throws {DamagedArchive} where it is not what was written */
  end(): Buffer {
    const bytes = Buffer.concat(this.#bytes);
    const isWhole = this.#length === this.#wholeLength && this.#frame === `${this.#before}"}`;
    if (!isWhole || bytes.length !== this.expected.bytes || this.#digest.digest('hex') !== this.expected.digest) {
      throw this.#changed();
    }
    return bytes;
  }

  get #wholeLength(): number {
    return this.#before.length + this.#dataLength + '"}'.length;
  }

  #decode(text: string): void {
    const whole = text.length - (text.length % GROUP);
    const bytes = Buffer.from(text.slice(0, whole), 'base64');
    this.#digest.update(bytes);
    this.#bytes.push(bytes);
    this.#rest = text.slice(whole);
  }

  #changed(): DamagedArchive {
    return new DamagedArchive(`The snapshot of revision ${this.expected.seq} is not what was written`);
  }
}
