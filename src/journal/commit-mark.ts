/**
 * Remembers the newest acknowledged entry outside the database. SQLite takes a log whose end was lost for a shorter
 * log, so without this mark a truncated one would silently take acknowledged entries with it.
 *
 * Written after the commit and never flushed by itself: a crash of the process leaves it exact, a power cut leaves it
 * at worst behind, and what is behind claims nothing false. It costs one small write into the page cache a commit.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, fchmodSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface Acknowledged {
  readonly place: number;
  /** Chain hash of the entry at `place`. */
  readonly hash: string;
}

const FILE = 'journal.mark';
const PRIVATE_FILE = 0o600;

/** Characters of the record, padded with spaces so that a later one always covers an earlier one. */
const LENGTH = 128;

export class CommitMark {
  readonly file: string;
  readonly #descriptor: number;

  constructor(directory: string) {
    this.file = join(resolve(directory), FILE);
    this.#descriptor = openSync(this.file, constants.O_RDWR | constants.O_CREAT, PRIVATE_FILE);
    fchmodSync(this.#descriptor, PRIVATE_FILE);
  }

  /** @returns what was written last; nothing when that was nothing, or cannot be trusted. */
  read(): Acknowledged | undefined {
    const [place = '', hash = '', sum] = readFileSync(this.file, 'latin1').trim().split(' ');
    return sum === checksum(place, hash) ? { place: Number(place), hash } : undefined;
  }

  write({ place, hash }: Acknowledged): void {
    this.#put(`${place} ${hash} ${checksum(String(place), hash)}`);
  }

  /** Claims nothing from here on: what it names is about to be removed. */
  clear(): void {
    this.#put('');
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #put(record: string): void {
    try {
      writeSync(this.#descriptor, record.padEnd(LENGTH), 0, 'latin1');
    } catch {
      // The entry is durable already. A mark that could not be written (a full disk) is behind, which is allowed.
    }
  }
}

function checksum(place: string, hash: string): string {
  return createHash('sha256').update(`${place} ${hash}`).digest('hex').slice(0, 16);
}
