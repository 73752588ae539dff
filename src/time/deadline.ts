/**
 * Deadlines that stop with the machine. A process that was stopped (SIGSTOP, Ctrl-Z), a virtual machine that was paused and
 * a laptop that slept come back to a clock that has gone on; whatever was waited for had no time either, and its answer may
 * lie unread. So time is counted in small steps, and a step that took much too long counts as one step.
 */

/** A clock that does not go back, and something to be woken by. */
export interface DeadlineClock {
  /** In ms, from any origin. */
  readonly now: () => number;
  /** Runs a task once after so many ms; returns what takes that back. */
  readonly after: (ms: number, task: () => void) => () => void;
}

/** The clock of this process; its timers keep the process alive. */
export const PROCESS_CLOCK: DeadlineClock = {
  now: () => performance.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

/** The same; its timers do not keep the process alive. */
export const UNHELD_PROCESS_CLOCK: DeadlineClock = {
  now: PROCESS_CLOCK.now,
  after: (ms, task) => {
    const timer = setTimeout(task, ms).unref();
    return () => clearTimeout(timer);
  },
};

/** Longest step, in ms: four wake-ups a second, and no more than this is lost of a deadline to each stop. */
export const DEADLINE_STEP_MS = 250;

/** A step that is late by more than this was not run late, but stopped, in ms: a busy event loop is late by less. */
export const STOPPED_AFTER_MS = 1_000;

/** Timers are set in whole ms, and come early by a fraction: what is left then is nothing to wait for. */
const TIMER_GRAIN_MS = 1;

/**
 * Runs `expire` once, when this process has been given `limitMs` of time, unless it is cancelled before. After a stop it
 * leaves one step more for reading what has come meanwhile.
 */
export class Deadline {
  #counted = 0;
  #stepFrom: number;
  #stepMs = 0;
  #cancelStep: () => void = () => {};
  #state: 'running' | 'expired' | 'cancelled' = 'running';

  /** @param limitMs may be infinite: then it only counts */
  constructor(
    readonly limitMs: number,
    private readonly expire: () => void = () => {},
    private readonly clock: DeadlineClock = PROCESS_CLOCK,
  ) {
    this.#stepFrom = clock.now();
    this.#step(false);
  }

  /** Time that this process has been given since the beginning, in ms. */
  get elapsedMs(): number {
    return this.#counted + (this.#state === 'running' ? this.#given() : 0);
  }

  /** Never below 0, in ms. */
  get remainingMs(): number {
    // It may have expired a fraction before its time: see TIMER_GRAIN_MS.
    return this.expired ? 0 : Math.max(0, this.limitMs - this.elapsedMs);
  }

  get expired(): boolean {
    return this.#state === 'expired';
  }

  cancel(): void {
    if (this.#state !== 'running') return;
    this.#counted += this.#given();
    this.#state = 'cancelled';
    this.#cancelStep();
  }

  /** What the step under way has taken, as far as this process ran. */
  #given(): number {
    const took = Math.max(0, this.clock.now() - this.#stepFrom);
    return took > this.#stepMs + STOPPED_AFTER_MS ? this.#stepMs : took;
  }

  #step(afterStop: boolean): void {
    const left = this.limitMs - this.#counted;
    this.#stepMs = Math.min(DEADLINE_STEP_MS, Math.max(left, afterStop ? DEADLINE_STEP_MS : 0));
    this.#cancelStep = this.clock.after(this.#stepMs, () => {
      const now = this.clock.now();
      const stopped = now - this.#stepFrom > this.#stepMs + STOPPED_AFTER_MS;
      this.#counted += this.#given();
      this.#stepFrom = now;
      if (this.limitMs - this.#counted >= TIMER_GRAIN_MS || stopped) this.#step(stopped);
      else {
        this.#state = 'expired';
        this.expire();
      }
    });
  }
}
