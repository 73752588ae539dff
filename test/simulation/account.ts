/** What happened, kept where no crash reaches it: which code began, which engine died under it, what clients were told. */

/** What a client was told of an evaluation. */
export interface Told {
  readonly outcome: string;
  readonly printString: string | null;
}

export class Account {
  readonly #begun = new Map<string, number>();
  readonly #died = new Set<string>();
  readonly told = new Map<string, Told>();
  /** In order of beginning. */
  readonly order: string[] = [];
  backendEnds = 0;
  readonly violations: string[] = [];

  begin(key: string): void {
    this.#begun.set(key, this.timesBegun(key) + 1);
    this.order.push(key);
  }

  timesBegun(key: string): number {
    return this.#begun.get(key) ?? 0;
  }

  /** The engine ended while this code ran. */
  died(key: string): void {
    this.#died.add(key);
  }

  diedUnder(key: string): boolean {
    return this.#died.has(key);
  }

  violated(what: string): void {
    this.violations.push(what);
  }
}
