/**
 * The inputs that made a session what it is: those that ran, without the ones that a restore went back behind. Running
 * them in order, in an engine that holds nothing, makes the same state again, as far as their code always does the same.
 */
import type { EngineBase, Entry, InputEntry, OutputEntry, UncoveredInput } from './entry.js';

export interface AnsweredInput {
  readonly input: Entry & InputEntry;
  readonly output: Entry & OutputEntry;
}

/** What ran between two restores, with what those before it left. */
interface Stretch {
  /** Revision it begins at. */
  readonly from: number;
  readonly answered: AnsweredInput[];
}

/** Follows a session's entries, in order. */
export class EffectiveInputs {
  readonly #pending = new Map<string, Entry & InputEntry>();
  /** Also those that were left: a restore may go to any revision, and to one on a way that another restore left. */
  readonly #stretches: Stretch[] = [{ from: 0, answered: [] }];

  get answered(): readonly AnsweredInput[] {
    const { answered } = this.#stretches.at(-1) as Stretch;
    // One that ran again, because nobody knew whether it had run, counts once.
    const again = new Set(answered.map(({ input }) => input.replayOf));
    return answered.filter(({ input }) => !again.has(input.seq));
  }

  take(entry: Entry): void {
    if (entry.type === 'input') this.#pending.set(entry.key, entry);
    else if (entry.type === 'output') this.#answer(entry);
    else if (entry.type === 'restored' && entry.base) this.#begin(entry.seq, entry.at ?? entry.seq, entry.base);
  }

  #answer(output: Entry & OutputEntry): void {
    const input = this.#pending.get(output.key);
    if (!input) return;
    this.#pending.delete(output.key);
    this.#stretches.at(-1)?.answered.push({ input, output });
  }

  /** What the snapshots that were loaded do not cover was lost. */
  #begin(from: number, at: number, { snapshots }: EngineBase): void {
    const left = this.#stretches.findLast((stretch) => stretch.from <= at);
    const last = snapshots.at(-1)?.seq ?? 0;
    this.#stretches.push({ from, answered: (left?.answered ?? []).filter(({ output }) => output.seq <= last) });
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
