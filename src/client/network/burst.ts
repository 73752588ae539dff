/** Makes few reports of many changes: one network event of the user's is a dozen messages of the kernel. */

/**
 * Quiet after which a burst is over, in ms. The messages of one event arrive within a few milliseconds of each other, and
 * a connection that was tried at the first of them may have come too early: 40 ms is long enough for the rest, and still
 * goes unnoticed by a person.
 */
export const SETTLE_MS = 40;

/** Longest burst, in ms: on a host that is never quiet, a change must still be reported in less than 250 ms. */
export const LONGEST_BURST_MS = 200;

/** Changes that a report names, for people to read. The others are counted. */
const NAMED_CHANGES = 8;

/** Reports the first change of a burst at once, and the rest when the burst is over. */
export class Burst {
  readonly #report: (detail: string) => void;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #openedAt = 0;
  #first: string[] = [];
  #since: string[] = [];
  #unnamed = 0;

  /** @param now a monotonic clock, in ms */
  constructor(report: (detail: string) => void, now: () => number) {
    this.#report = report;
    this.#now = now;
  }

  note(changes: readonly string[]): void {
    if (this.#timer === undefined) this.#open(changes);
    else this.#collect(changes);
  }

  /** Forgets what it has not reported yet. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #open(changes: readonly string[]): void {
    this.#openedAt = this.#now();
    this.#first = changes.slice(0, NAMED_CHANGES);
    this.#since = [];
    this.#unnamed = 0;
    // Before the report: whoever receives it may cancel.
    this.#settleLater(SETTLE_MS);
    this.#report(describe(this.#first, changes.length - this.#first.length));
  }

  #collect(changes: readonly string[]): void {
    const named = changes.slice(0, NAMED_CHANGES - this.#since.length);
    this.#since.push(...named);
    this.#unnamed += changes.length - named.length;
    this.#settleLater(Math.min(SETTLE_MS, this.#openedAt + LONGEST_BURST_MS - this.#now()));
  }

  #settleLater(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#settle(), delayMs).unref();
  }

  #settle(): void {
    this.#timer = undefined;
    const changes = this.#since.length > 0 ? this.#since : this.#first;
    this.#report(`settled: ${describe(changes, this.#unnamed)}`);
  }
}

function describe(changes: readonly string[], unnamed: number): string {
  const named = changes.join('; ');
  return unnamed > 0 ? `${named}; and ${unnamed} more` : named;
}
