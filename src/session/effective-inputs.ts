/**
 * The inputs that made a session what it is: those that ran, without the ones that a restore went back behind. Running
 * them in order, in an engine that holds nothing, makes the same state again, as far as their code always does the same.
 */
import type { Entry, InputEntry, OutputEntry, UncoveredInput } from './entry.js';

export interface AnsweredInput {
  readonly input: Entry & InputEntry;
  readonly output: Entry & OutputEntry;
}

/** Follows a session's entries, in order. */
export class EffectiveInputs {
  readonly #pending = new Map<string, Entry & InputEntry>();
  #answered: AnsweredInput[] = [];

  get answered(): readonly AnsweredInput[] {
    return this.#answered;
  }

  take(entry: Entry): void {
    if (entry.type === 'input') this.#pending.set(entry.key, entry);
    else if (entry.type === 'output') this.#answer(entry);
    else if (entry.type === 'restored' && entry.at !== undefined) this.#goBackTo(entry.at);
    else if (entry.type === 'restored' && entry.base) this.#answered = [];
  }

  #answer(output: Entry & OutputEntry): void {
    const input = this.#pending.get(output.key);
    if (!input) return;
    this.#pending.delete(output.key);
    // One that ran again, because nobody knew whether it had run, counts once.
    if (input.replayOf !== undefined) {
      this.#answered = this.#answered.filter((earlier) => earlier.input.seq !== input.replayOf);
    }
    this.#answered.push({ input, output });
  }

  #goBackTo(revision: number): void {
    this.#answered = this.#answered.filter(({ output }) => output.seq <= revision);
  }
}

/** @returns the inputs as a replay needs them; what they changed is not known any more */
export function asUncovered(inputs: readonly AnsweredInput[]): UncoveredInput[] {
  return inputs.map(({ input, output }) => ({
    seq: input.seq,
    answeredAt: output.seq,
    code: input.code,
    names: [],
    unknown: output.outcome === 'unknown',
    unbounded: true,
    durationMs: output.durationMs,
    ...(input.redacted ? { redacted: true } : {}),
  }));
}
