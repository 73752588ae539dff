/** A small disk that can be filled and freed. */
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { mountTmpfs } from '../local/privileged.js';

const PAGE = Buffer.alloc(4096);

export class Disk {
  readonly path: string;
  readonly #filler: string;

  constructor(size: string) {
    this.path = mountTmpfs(`size=${size}`);
    this.#filler = join(this.path, 'filler');
  }

  /** Fills it but for `left` bytes. */
  fill(left: number): void {
    const { bavail, bsize } = statfsSync(this.path);
    const filler = openSync(this.#filler, 'a');
    for (let bytes = bavail * bsize - left; bytes > 0; bytes -= PAGE.length) writeSync(filler, PAGE);
    closeSync(filler);
  }

  free(): void {
    rmSync(this.#filler);
  }
}
