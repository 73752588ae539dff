/** A clock that jumps from one timer to the next, so that a week takes seconds. */
import { setImmediate } from 'node:timers/promises';

interface Timer {
  readonly at: number;
  readonly order: number;
  task: (() => void) | undefined;
}

export class VirtualTime {
  now = 0;
  /** A binary heap: the next timer comes first. */
  readonly #timers: Timer[] = [];
  #order = 0;
  #pending = 0;

  /**
   * @param timersATurn timers that run before the event loop turns. With 1, everything that a timer sets off is done when
   *   the next one runs; but a turn costs as much as twenty timers.
   */
  constructor(private readonly timersATurn = 1) {}

  /** Timers that were set, and neither ran nor were taken back. */
  get pending(): number {
    return this.#pending;
  }

  after(ms: number, task: () => void): () => void {
    const timer: Timer = { at: this.now + ms, order: this.#order++, task };
    this.#push(timer);
    this.#pending += 1;
    return () => {
      if (timer.task === undefined) return;
      timer.task = undefined;
      this.#pending -= 1;
    };
  }

  /** The process is stopped; what was due meanwhile is due at once afterwards. */
  stop(ms: number): void {
    this.now += ms;
  }

  /** Runs what is due until `end`, with what that sets off. */
  async runUntil(end: number): Promise<void> {
    let count = 0;
    for (let next = this.#timers[0]; next !== undefined && next.at <= end; next = this.#timers[0]) {
      this.#pop();
      if (next.task === undefined) continue;
      this.now = Math.max(this.now, next.at);
      const { task } = next;
      next.task = undefined;
      this.#pending -= 1;
      task();
      // One step for the promises at least.
      await undefined;
      count += 1;
      if (count % this.timersATurn === 0) await setImmediate();
    }
    this.now = end;
    await setImmediate();
  }

  #push(timer: Timer): void {
    const heap = this.#timers;
    heap.push(timer);
    for (let index = heap.length - 1; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!isBefore(timer, heap[parent] as Timer)) break;
      heap[index] = heap[parent] as Timer;
      heap[parent] = timer;
      index = parent;
    }
  }

  #pop(): void {
    const heap = this.#timers;
    const last = heap.pop() as Timer;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child += 1;
      if (!isBefore(heap[child] as Timer, last)) break;
      heap[index] = heap[child] as Timer;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
