/** One direction of a connection. TCP keeps the order and doubles nothing; a nasty one does not keep to that. */
import type { Conditions } from './conditions.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';

/** TCP notices the end of a partition when it sends again, up to this much later, in ms. */
const RESENT_WITHIN_MS = 400;

/** Share of frames that a nasty pipe delivers twice. */
const NASTY_DOUBLE = 0.05;

export class Pipe<Frame> {
  readonly #waiting: Frame[] = [];
  #lastArrival = 0;

  /**
   * @param blockedUntil when the other end can be reached again; in the past where it can be reached now
   */
  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: Random,
    private readonly conditions: Conditions,
    private readonly blockedUntil: () => number,
    private readonly deliver: (frame: Frame) => void,
  ) {}

  push(frame: Frame): void {
    const { nasty, latency } = this.conditions;
    const arrival = this.scheduler.now + this.random.delay(latency.least, latency.most);
    if (nasty) {
      if (this.random.chance(NASTY_DOUBLE)) this.#plan(frame, arrival + this.random.delay(0, RESENT_WITHIN_MS));
      this.#plan(frame, arrival);
      return;
    }
    this.#lastArrival = Math.max(this.#lastArrival, arrival);
    this.#plan(frame, this.#lastArrival);
  }

  /** The connection broke: of what is under way, only the beginning still arrives. */
  cut(): void {
    this.#waiting.length = this.random.whole(0, this.#waiting.length);
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  #plan(frame: Frame, arrival: number): void {
    this.#waiting.push(frame);
    this.scheduler.after(arrival - this.scheduler.now, () => this.#arrive(frame));
  }

  #arrive(frame: Frame): void {
    const { now } = this.scheduler;
    const blockedUntil = this.blockedUntil();
    if (blockedUntil > now) {
      this.scheduler.after(blockedUntil - now + this.random.next() * RESENT_WITHIN_MS, () => this.#arrive(frame));
      return;
    }
    // Whatever the moment was planned for, an honest pipe gives out what went in first.
    const at = this.conditions.nasty ? this.#waiting.indexOf(frame) : 0;
    if (at < 0 || this.#waiting.length === 0) return;
    this.deliver(this.#waiting.splice(at, 1)[0] as Frame);
  }
}
