/**
 * Hands out engines, each once, and keeps one started and waiting, or some for a while. What it holds across an `await` it
 * has let go of before: between taking a spare and forgetting it nothing else may run, or two sessions would get the same one.
 */
import { type DeadlineClock, UNHELD_PROCESS_CLOCK } from '../time/deadline.js';
import { type Engine, type EngineFactory, EngineUnavailable } from './contract.js';
import type { EngineProcess } from './process.js';

/** A spare answers within a millisecond. One that hangs must not cost a session more than a start without it, in ms. */
export const SPARE_PING_MS = 1_000;

/** How long engines wait that were started ahead and not asked for, but for the one spare, in ms: each takes 45 MB. */
export const EXTRA_SPARES_MS = 60_000;

type Launched = Promise<EngineProcess | undefined>;

export interface WarmFactoryOptions {
  readonly name: string;
  /** Starts a process that is ready, and that nobody owns. @throws {EngineUnavailable} */
  readonly launch: () => Promise<EngineProcess>;
  /** Whether to keep one engine started and waiting. */
  readonly spare: boolean;
  readonly log: (message: string) => void;
  readonly clock?: DeadlineClock;
}

export class WarmEngineFactory implements EngineFactory {
  readonly name: string;
  /** Oldest first. Each resolves with an engine that nobody owns; with undefined when it could not be started. */
  readonly #spares = new Set<Launched>();
  #cancelRetirement: () => void = () => {};
  #closed = false;

  constructor(private readonly options: WarmFactoryOptions) {
    this.name = options.name;
  }

  async start(owner: string): Promise<Engine> {
    const engine = (await this.#proven(this.#takeSpare())) ?? (await this.options.launch());
    engine.claim(owner);
    if (this.#closed) {
      await engine.stop();
      throw new EngineUnavailable('No engine could be started: the backend is stopping.');
    }
    this.#keep(1);
    return engine;
  }

  warm(count: number): void {
    this.#keep(count);
    if (this.#spares.size <= 1) return;
    const { clock = UNHELD_PROCESS_CLOCK } = this.options;
    this.#cancelRetirement();
    this.#cancelRetirement = clock.after(EXTRA_SPARES_MS, () => void this.#retireAllBut(1));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetirement();
    await this.#retireAllBut(0);
  }

  async #retireAllBut(count: number): Promise<void> {
    const retired = [...this.#spares].slice(count);
    for (const spare of retired) this.#spares.delete(spare);
    await Promise.all(retired.map(async (spare) => (await spare)?.stop()));
  }

  /** Whoever asks for a spare has it; nobody after him. Not asynchronous, for this reason. */
  #takeSpare(): Launched | undefined {
    const [spare] = this.#spares;
    if (spare) this.#spares.delete(spare);
    return spare;
  }

  /** @returns undefined when the spare is dead or deaf; its end is seen to */
  async #proven(taken: Launched | undefined): Promise<EngineProcess | undefined> {
    const spare = await taken;
    if (spare === undefined) return undefined;
    spare.holdProcess(true);
    try {
      // Its death may not have been heard of yet, and an evaluation given to a dead engine has an unknown outcome.
      await spare.ping(SPARE_PING_MS);
      return spare;
    } catch (error) {
      this.options.log(`the spare engine is not used: ${(error as Error).message}`);
      return undefined;
    }
  }

  #keep(count: number): void {
    if (!this.options.spare || this.#closed) return;
    while (this.#spares.size < count) this.#spares.add(this.#launchSpare());
  }

  #launchSpare(): Launched {
    const forget = (): void => {
      this.#spares.delete(launched);
    };
    const launched: Launched = this.options.launch().then(
      (engine) => {
        engine.holdProcess(false);
        // A spare that dies is no loss: the next start launches its own.
        void engine.exited.then(forget);
        return engine;
      },
      (error: Error) => {
        this.options.log(`no spare engine: ${error.message}`);
        forget();
        return undefined;
      },
    );
    return launched;
  }
}
