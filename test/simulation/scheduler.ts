/** Virtual time: one queue of events, in order of time, and of planning where times are equal. */

interface Planned {
  readonly at: number;
  readonly order: number;
  task: (() => void) | undefined;
}

/** Timers that start each other without delay would keep a simulation in one moment for ever. */
const MOST_EVENTS_AT_ONCE = 10_000;

export class Scheduler {
  #now = 0;
  #eventsNow = 0;
  #order = 0;
  /** A binary heap; the earliest event is first. */
  readonly #heap: Planned[] = [];

  /** Ms since the simulation began. */
  get now(): number {
    return this.#now;
  }

  /** Runs a task once after so many ms; returns what takes that back. */
  after(ms: number, task: () => void): () => void {
    const planned: Planned = { at: this.#now + Math.max(0, ms), order: this.#order++, task };
    this.#push(planned);
    return () => {
      planned.task = undefined;
    };
  }

  /**
   * Lets events happen until `done`, or until the time is up.
   * @returns whether it is done
   * @throws when the events come to no end and time does not pass
   */
  async run(done: () => boolean, until: number): Promise<boolean> {
    for (;;) {
      // Also before the first event: the caller has just set things going.
      await everyPromise();
      if (done()) return true;
      const first = this.#nextPlanned();
      if (!first || first.at > until) {
        this.#now = Math.max(this.#now, until);
        return false;
      }
      this.#pop();
      this.#eventsNow = first.at === this.#now ? this.#eventsNow + 1 : 0;
      if (this.#eventsNow > MOST_EVENTS_AT_ONCE) throw new Error(`time stands still at ${this.#now}`);
      this.#now = first.at;
      first.task?.();
    }
  }

  #nextPlanned(): Planned | undefined {
    while (this.#heap[0] && !this.#heap[0].task) this.#pop();
    return this.#heap[0];
  }

  #push(planned: Planned): void {
    const heap = this.#heap;
    let at = heap.push(planned) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent] as Planned, planned)) break;
      heap[at] = heap[parent] as Planned;
      at = parent;
    }
    heap[at] = planned;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Planned;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Planned, heap[child] as Planned)) child += 1;
      if (isBefore(last, heap[child] as Planned)) break;
      heap[at] = heap[child] as Planned;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(one: Planned, other: Planned): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/** Node runs every promise reaction, and those they cause, before the next tick: nothing is left half done. */
function everyPromise(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
