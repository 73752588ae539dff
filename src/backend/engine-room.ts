/** Engines as the sessions of a backend get them: where there are many, or no more can be started, one that idles makes room. */
import { type Engine, type EngineFactory, EngineUnavailable } from '../engine/contract.js';
import { MAX_LIVE_ENGINES } from './settings.js';

/** A session as far as it can give its engine away. */
export interface Resident {
  readonly state: { readonly id: string };
  /** Or gets one now. */
  readonly hasEngine: boolean;
  /** When its engine last worked, on the monotonic clock, if it can be stopped without losing anything and is not being. */
  hibernatableSince(): number | undefined;
  /** Stops the engine if that still loses nothing. */
  hibernate(): Promise<void>;
}

export class EngineRoom implements EngineFactory {
  readonly name: string;

  constructor(
    private readonly engines: EngineFactory,
    private readonly residents: () => readonly Resident[],
    private readonly log: (message: string) => void,
  ) {
    this.name = engines.name;
  }

  /** @throws {EngineUnavailable} also where room was made in vain */
  async start(owner: string): Promise<Engine> {
    const others = this.residents().filter(({ state, hasEngine }) => hasEngine && state.id !== owner);
    if (others.length >= MAX_LIVE_ENGINES) await this.#makeRoom();
    try {
      return await this.engines.start(owner);
    } catch (error) {
      if (!(error instanceof EngineUnavailable && error.isForScarcity) || !(await this.#makeRoom())) throw error;
      this.log(`${owner}: an idle engine was stopped, because: ${error.message}`);
      return this.engines.start(owner);
    }
  }

  warm(count: number): void {
    this.engines.warm(count);
  }

  close(): Promise<void> {
    return this.engines.close();
  }

  /** Stops the engine that was idle longest, if one can be stopped. @returns whether one was */
  async #makeRoom(): Promise<boolean> {
    const [longest] = this.residents()
      .map((resident) => ({ resident, since: resident.hibernatableSince() }))
      .filter((each): each is { resident: Resident; since: number } => each.since !== undefined)
      .sort((a, b) => a.since - b.since);
    if (!longest) return false;
    await longest.resident.hibernate();
    return !longest.resident.hasEngine;
  }
}
