/** Gives an engine what was saved: all of it, or, where no engine survives that, as many of the bindings as one does. */
import { type Engine, type EngineFactory, EngineUnavailable, type RestoreReply } from '../engine/contract.js';

/** Engines started to find out what cannot be loaded: one binding among a thousand takes some twenty. */
const MAX_ATTEMPTS = 64;

export interface Loading {
  readonly engine: Engine;
  readonly reply: RestoreReply;
  /** Bindings that no engine took, with the reason. */
  readonly refused: ReadonlyMap<string, string>;
}

/**
 * @param start starts an engine that holds nothing
 * @throws {EngineUnavailable} when no engine can be had; what the engine threw, where the captures cannot be taken apart
 */
export async function load(
  start: () => Promise<Engine>,
  captures: readonly string[],
  takeApart: EngineFactory['takeApart'],
): Promise<Loading> {
  const whole = await attempt(start, captures);
  if ('engine' in whole) return { ...whole, refused: new Map() };
  if (takeApart === undefined) throw whole.error;
  const { names, of } = takeApart(captures);
  const parts = new Parts(start, of);
  await parts.add(names);
  return parts.finish();
}

type Attempt = Omit<Loading, 'refused'> | { readonly error: Error };

async function attempt(start: () => Promise<Engine>, captures: readonly string[]): Promise<Attempt> {
  const engine = await start();
  try {
    return { engine, reply: await engine.restore(captures) };
  } catch (error) {
    await engine.stop();
    return { error: error as Error };
  }
}

class Parts {
  readonly #refused = new Map<string, string>();
  #taken: readonly string[] = [];
  #loaded: Omit<Loading, 'refused'> | undefined;
  #attempts = 0;

  constructor(
    private readonly start: () => Promise<Engine>,
    private readonly of: (names: readonly string[]) => string,
  ) {}

  /** Takes what can be had of these, on top of what was taken before. */
  async add(names: readonly string[]): Promise<void> {
    if (names.length > 0 && this.#attempts >= MAX_ATTEMPTS) {
      for (const name of names) this.#refused.set(name, 'could not be loaded beside what was loaded before it');
      return;
    }
    const error = await this.#attempt(names);
    if (error === undefined) return;
    if (names.length === 0) throw error;
    if (names.length === 1) {
      this.#refused.set(names[0] as string, `could not be loaded: ${error.message}`);
      return;
    }
    const half = Math.ceil(names.length / 2);
    await this.add(names.slice(0, half));
    await this.add(names.slice(half));
  }

  async finish(): Promise<Loading> {
    // The classes alone.
    if (this.#loaded === undefined) await this.add([]);
    return { ...(this.#loaded as Omit<Loading, 'refused'>), refused: this.#refused };
  }

  async #attempt(names: readonly string[]): Promise<Error | undefined> {
    this.#attempts += 1;
    const together = [...this.#taken, ...names];
    try {
      const tried = await attempt(this.start, [this.of(together)]);
      if ('error' in tried) return tried.error;
      const before = this.#loaded;
      this.#loaded = tried;
      this.#taken = together;
      await before?.engine.stop();
      return undefined;
    } catch (error) {
      await this.#loaded?.engine.stop();
      this.#loaded = undefined;
      throw error instanceof EngineUnavailable ? error : new EngineUnavailable((error as Error).message);
    }
  }
}
