/** Runs tasks one after another, in the order they were given. A failing task does not stop those behind it. */
export class Lane {
  #tail: Promise<unknown> = Promise.resolve();
  #length = 0;

  /** Tasks given and not yet finished. */
  get length(): number {
    return this.#length;
  }

  run<T>(task: () => Promise<T>): Promise<T> {
    this.#length += 1;
    const result = this.#tail.then(task);
    this.#tail = result.then(
      () => this.#finished(),
      () => this.#finished(),
    );
    return result;
  }

  /** Resolves when all tasks given so far have finished. */
  async idle(): Promise<void> {
    await this.#tail;
  }

  #finished(): void {
    this.#length -= 1;
  }
}
