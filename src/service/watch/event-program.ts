/** A program of the user's that is run on every event. */
import { type StartedProcess, startProcess } from '../../process/spawn.js';
import type { WatchEvent } from './event.js';

/** Events that wait for the program; older ones are dropped first. */
const MAX_WAITING = 100;

/** A program that takes longer is killed, in ms: those behind it may be the ones that matter. */
const LONGEST_RUN_MS = 60_000;

export interface EventProgramOptions {
  readonly warn: (message: string) => void;
  readonly maxWaiting?: number;
  readonly longestRunMs?: number;
}

/**
 * Runs the program once an event, with the event as JSON on its stdin. No shell is involved. One at a time: a program that
 * is told of "healthy" before the "lost" that came first would page the wrong news.
 */
export class EventProgram {
  readonly #waiting: WatchEvent[] = [];
  readonly #options: Required<EventProgramOptions>;
  #runs = false;
  /** Resolves when the run under way has been given its event. */
  #starting: Promise<void> | undefined;
  #whenNoneWaits: (() => void)[] = [];

  constructor(
    private readonly program: string,
    options: EventProgramOptions,
  ) {
    this.#options = { maxWaiting: MAX_WAITING, longestRunMs: LONGEST_RUN_MS, ...options };
  }

  run(event: WatchEvent): void {
    this.#waiting.push(event);
    this.#next();
    if (this.#waiting.length <= this.#options.maxWaiting) return;
    this.#waiting.shift();
    this.#warn('is too slow; an event was dropped');
  }

  /** Resolves when the program has been started for every event; the last run may go on without us. */
  async allStarted(): Promise<void> {
    if (this.#waiting.length > 0) await new Promise<void>((resolve) => this.#whenNoneWaits.push(resolve));
    await this.#starting;
  }

  #next(): void {
    if (this.#runs) return;
    const event = this.#waiting.shift();
    if (event) this.#starting = this.#start(event);
    if (this.#waiting.length === 0) for (const resolve of this.#whenNoneWaits.splice(0)) resolve();
  }

  async #start(event: WatchEvent): Promise<void> {
    this.#runs = true;
    const limit = setTimeout(() => child?.kill('SIGKILL'), this.#options.longestRunMs);
    let hasEnded = false;
    const ended = (problem: string | undefined) => {
      if (hasEnded) return;
      hasEnded = true;
      clearTimeout(limit);
      this.#runs = false;
      if (problem !== undefined) this.#warn(problem);
      this.#next();
    };
    let child: StartedProcess | undefined;
    try {
      child = await startProcess(this.program, [], { stdio: ['pipe', 'ignore', 'inherit'] });
    } catch (error) {
      ended((error as Error).message);
      return;
    }
    // It could not be killed.
    child.once('error', (error) => ended(error.message));
    child.once('exit', (code, signal) => ended(code === 0 ? undefined : `ended with ${signal ?? code}`));
    // A program that does not read its stdin is its own business.
    child.stdin?.on('error', () => {});
    child.stdin?.end(`${JSON.stringify({ schemaVersion: 1, ...event })}\n`);
  }

  #warn(problem: string): void {
    this.#options.warn(`${this.program}: ${problem}`);
  }
}
