/** Chance that can be repeated: the seed that a failed run printed replays what it did. */

export class Chance {
  #state: number;

  private constructor(seed: number) {
    this.#state = seed;
  }

  /**
   * Chance from a seed that is printed.
   * @param purpose printed with it
   * @param variable of the environment that gives the seed
   */
  static announced(purpose: string, variable = 'STUI_TEST_SEED'): Chance {
    const given = process.env[variable];
    const seed = given === undefined ? Date.now() % 2 ** 31 : Number(given);
    process.stderr.write(`${purpose}: ${variable}=${seed}\n`);
    return new Chance(seed);
  }

  /** Chance of its own for one of several at work, so that how they interleave does not change what each of them does. */
  branch(): Chance {
    return new Chance(this.whole(0, 2 ** 31 - 1));
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

  /** Different ones, in any order. */
  sample<T>(choices: readonly T[], count: number): T[] {
    const left = [...choices];
    return Array.from({ length: Math.min(count, left.length) }, () =>
      left.splice(this.whole(0, left.length - 1), 1),
    ).flat();
  }
}
