/** Chance that can be repeated: STUI_TEST_SEED replays what a failed run did. */

export class Chance {
  #state: number;

  /** @param purpose printed with the seed */
  constructor(purpose: string) {
    const given = process.env['STUI_TEST_SEED'];
    this.#state = given === undefined ? Date.now() % 2 ** 31 : Number(given);
    process.stderr.write(`${purpose}: STUI_TEST_SEED=${this.#state}\n`);
  }

  /** At least 0, less than 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.whole(0, choices.length - 1)] as T;
  }
}
