/** What happened, kept where no crash reaches it: which code began, which engine died under it, what clients were told. */

/** What a client was told of an evaluation. */
export interface Told {
  readonly outcome: string;
  readonly printString: string | null;
}

export class Account {
  readonly #begun = new Map<string, number>();
  readonly #ranIn = new Map<string, readonly string[]>();
  readonly #died = new Set<string>();
  readonly told = new Map<string, Told>();
  /** In order of beginning. */
  readonly order: string[] = [];
  backendEnds = 0;
  engineDeaths = 0;
  readonly violations: string[] = [];

  /** @param engine nonce of the engine that runs it */
  begin(key: string, engine: string): void {
    this.#begun.set(key, this.timesBegun(key) + 1);
    this.#ranIn.set(engine, [...(this.#ranIn.get(engine) ?? []), key]);
    this.order.push(key);
  }

  timesBegun(key: string): number {
    return this.#begun.get(key) ?? 0;
  }

  /** Keys of what each engine ran. */
  get perEngine(): readonly (readonly string[])[] {
    return [...this.#ranIn.values()];
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
