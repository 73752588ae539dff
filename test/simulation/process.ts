/**
 * What can crash. Everything that code does to the world goes through its process: once that is dead, its timers do not
 * fire, what it waits for does not come, and what it sends goes nowhere.
 */
import type { Scheduler } from './scheduler.js';

export class Process {
  #alive = true;
  readonly #onEnd: (() => void)[] = [];

  constructor(private readonly scheduler: Scheduler) {}

  get alive(): boolean {
    return this.#alive;
  }

  readonly after = (ms: number, task: () => void): (() => void) =>
    this.scheduler.after(ms, () => {
      if (this.#alive) task();
    });

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** @param task what the world notices when the process ends */
  onEnd(task: () => void): void {
    this.#onEnd.push(task);
  }

  end(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const task of this.#onEnd) task();
  }
}
