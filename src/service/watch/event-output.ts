/** Writes events one after the other, however slow their reader is, in bounded memory, without waiting for it or failing with it. */
import type { WatchEvent } from './event.js';

/** Events that wait for the reader: an hour of a connection that flaps every few seconds. Older ones are dropped first. */
const MAX_WAITING = 5_000;

export class EventOutput {
  readonly #waiting: WatchEvent[] = [];
  #writing: Promise<void> | undefined;
  #dropped = 0;
  #trouble: string | undefined;

  constructor(
    private readonly write: (event: WatchEvent) => Promise<void>,
    private readonly warn: (message: string) => void,
    private readonly maxWaiting = MAX_WAITING,
  ) {}

  tell(event: WatchEvent): void {
    this.#waiting.push(event);
    if (this.#waiting.length > this.maxWaiting) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when every event has been written. */
  async written(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      await this.#writeOne(event);
      if (this.#dropped > 0) this.warn(`${this.#dropped} events were dropped: their reader is too slow`);
      this.#dropped = 0;
    }
    this.#writing = undefined;
  }

  /** Never fails: a disk that is full now has room later. What is wrong is said once, until it is right again. */
  async #writeOne(event: WatchEvent): Promise<void> {
    try {
      await this.write(event);
      this.#trouble = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#trouble) this.warn(`${message}; events are dropped until they can be written`);
      this.#trouble = message;
    }
  }
}
