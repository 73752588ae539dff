/** Inside of a test runner's context each look at a global goes a long way. */
const { floor, imul } = Math;

/** Chance that is repeated exactly by its seed (mulberry32, its seed mixed so that neighbours differ at once). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  }

  /** At least 0, less than 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number {
    return least + floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.whole(0, choices.length - 1)] as T;
  }

  /** Mostly short, seldom long: the way delays are. */
  delay(least: number, most: number): number {
    return least + (most - least) * this.next() ** 3;
  }
}
