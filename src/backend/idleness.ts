/**
 * How long nothing has happened, whatever the wall clock does: it can be set, and entries can be of a time when it was wrong.
 * While the backend runs, time is counted on a clock that does not go back; only what passed before has to be believed.
 */

export interface IdleClocks {
  readonly now: () => Date;
  /** On a clock that does not go back, in ms. */
  readonly monotonicMs: () => number;
}

export class Idleness {
  /** Counted when it was last looked, in ms. */
  #idleMs: number;
  #lookedAt: number;

  /**
   * @param last ISO 8601 time of what happened last
   * @param latest the latest time of anything that happened, which is later where a clock went back since; in the future it
   *   stands for now
   */
  constructor(
    private last: string,
    private readonly clocks: IdleClocks,
    latest = last,
  ) {
    this.#idleMs = this.#since(latest);
    this.#lookedAt = clocks.monotonicMs();
  }

  /** Something happens now. */
  end(): void {
    this.#idleMs = 0;
    this.#lookedAt = this.clocks.monotonicMs();
  }

  /**
   * @param last ISO 8601 time of what happened last, as it is known by now
   * @returns ms
   */
  ms(last: string): number {
    const now = this.clocks.monotonicMs();
    const passed = now - this.#lookedAt;
    // What is new came since the last look, whatever time is written on it.
    this.#idleMs = last === this.last ? this.#idleMs + passed : Math.min(this.#since(last), passed);
    this.last = last;
    this.#lookedAt = now;
    return this.#idleMs;
  }

  #since(time: string): number {
    return Math.max(0, this.clocks.now().getTime() - Date.parse(time));
  }
}
