/**
 * Hands out engines, each once, and keeps one started and waiting. What it holds across an `await` it has let go of before:
 * between taking the spare and forgetting it nothing else may run, or two sessions would get the same one.
 */
import { type Engine, type EngineFactory, EngineUnavailable } from './contract.js';
import type { EngineProcess } from './process.js';

/** A spare answers within a millisecond. One that hangs must not cost a session more than a start without it, in ms. */
export const SPARE_PING_MS = 1_000;

export interface WarmFactoryOptions {
  readonly name: string;
  /** Starts a process that is ready, and that nobody owns. @throws {EngineUnavailable} */
  readonly launch: () => Promise<EngineProcess>;
  /** Whether to keep one engine started and waiting. */
  readonly spare: boolean;
  readonly log: (message: string) => void;
}

export class WarmEngineFactory implements EngineFactory {
  readonly name: string;
  /** Resolves with an engine that nobody owns; undefined when it could not be started. */
  #spare: Promise<EngineProcess | undefined> | undefined;
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
    this.#keepSpare();
    return engine;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const spare = await this.#takeSpare();
    await spare?.stop();
  }

  /** Whoever asks for the spare has it; nobody after him. Not asynchronous, for this reason. */
  #takeSpare(): Promise<EngineProcess | undefined> | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare;
  }

  /** @returns undefined when the spare is dead or deaf; its end is seen to */
  async #proven(taken: Promise<EngineProcess | undefined> | undefined): Promise<EngineProcess | undefined> {
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

  #keepSpare(): void {
    if (!this.options.spare || this.#closed || this.#spare !== undefined) return;
    const launched: Promise<EngineProcess | undefined> = this.options.launch().then(
      (engine) => {
        engine.holdProcess(false);
        // A spare that dies is no loss: the next start launches its own.
        void engine.exited.then(() => {
          if (this.#spare === launched) this.#spare = undefined;
        });
        return engine;
      },
      (error: Error) => {
        this.options.log(`no spare engine: ${error.message}`);
        return undefined;
      },
    );
    this.#spare = launched;
  }
}
