/** An evaluation as people and scripts see it: an input and its output, found in the journal by key. */
import type { Entry, EvaluationError, InputEntry, Outcome, OutputEntry, RecordedEntry } from './entry.js';

export interface Evaluation {
  readonly key: string;
  /** Session id. */
  readonly session: string;
  /** Revision of the output; of the input while there is none. */
  readonly revision: number;
  readonly time: string;
  readonly client: string;
  readonly code: string;
  /** The code that ran held secrets, which were not kept. */
  readonly redacted: boolean;
  /** `queued` while accepted and not yet answered; `recorded` when it came from a history file and has not run here. */
  readonly outcome: Outcome | 'queued' | 'recorded';
  readonly printString: string | null;
  readonly class: string | null;
  readonly transcript: string;
  readonly durationMs: number | null;
  readonly error: EvaluationError | null;
  /** Bindings whose new values were too big to be saved with the evaluation. */
  readonly deferred: readonly string[];
}

/** @returns the evaluation that an input and, once there is one, its output make. */
export function evaluationOf(session: string, input: Entry & InputEntry, output?: Entry & OutputEntry): Evaluation {
  return {
    key: input.key,
    session,
    revision: output?.seq ?? input.seq,
    time: input.time,
    client: input.client,
    code: input.code,
    redacted: input.redacted ?? false,
    outcome: output?.outcome ?? 'queued',
    printString: output?.printString ?? null,
    class: output?.class ?? null,
    transcript: output?.transcript ?? '',
    durationMs: output?.durationMs ?? null,
    error: output?.error ?? null,
    deferred: output?.deferred ?? [],
  };
}

/** @returns an input from a history file, as one that has not run. */
export function recordedInput(session: string, recorded: Entry & RecordedEntry): Evaluation {
  return {
    // It was not sent under one, so that no retry can mean it.
    key: '',
    session,
    revision: recorded.seq,
    time: recorded.typedAt ?? recorded.time,
    client: recorded.client,
    code: recorded.code,
    redacted: recorded.redacted ?? false,
    outcome: 'recorded',
    printString: null,
    class: null,
    transcript: '',
    durationMs: null,
    error: null,
    deferred: [],
  };
}

/** Pairs inputs with their outputs, in the order of the inputs. */
export function evaluationsIn(session: string, entries: Iterable<Entry>): Evaluation[] {
  const inputs: (Entry & InputEntry)[] = [];
  const outputs = new Map<string, Entry & OutputEntry>();
  for (const entry of entries) {
    if (entry.type === 'input') inputs.push(entry);
    else if (entry.type === 'output') outputs.set(entry.key, entry);
  }
  return inputs.map((input) => evaluationOf(session, input, outputs.get(input.key)));
}
