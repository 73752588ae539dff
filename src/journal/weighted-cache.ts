/** Keeps the values that were used last, so that what is looked at again and again is made once. */
export class WeightedCache<Value> {
  /** In the order of their last use. */
  readonly #values = new Map<string, { readonly value: Value; readonly weight: number }>();
  #weight = 0;

  /** @param capacity what the values may weigh together; one that is heavier alone is not kept. */
  constructor(private readonly capacity: number) {}

  /** @returns the value under `key`, made if need be. What `make` throws is thrown, and nothing is kept. */
  get(key: string, make: () => Value, weigh: (value: Value) => number): Value {
    const kept = this.#values.get(key);
    if (kept) {
      this.#values.delete(key);
      this.#values.set(key, kept);
      return kept.value;
    }
    const value = make();
    const weight = weigh(value);
    this.#values.set(key, { value, weight });
    this.#weight += weight;
    this.#shed();
    return value;
  }

  delete(key: string): void {
    this.#weight -= this.#values.get(key)?.weight ?? 0;
    this.#values.delete(key);
  }

  clear(): void {
    this.#values.clear();
    this.#weight = 0;
  }

  #shed(): void {
    for (const key of this.#values.keys()) {
      if (this.#weight <= this.capacity) return;
      this.delete(key);
    }
  }
}
