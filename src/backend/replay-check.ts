/**
 * Proves a session by running it again: every input, in engines that hold nothing but what the inputs before made, and
 * every result beside the one in the journal. Where the session lost its engine, so does the replay, which then has what the
 * session had saved by then: it captures where the session did, and loads where the session did.
 */
import type { Capture, Engine, EngineFactory, EvaluateReply } from '../engine/contract.js';
import type { VerificationReport } from '../protocol/documents.js';
import type { Entry, InputEntry, OutputEntry, SnapshotEntry } from '../session/entry.js';
import { fold, type SessionState } from '../session/state.js';
import { CAPTURE_MAX_BYTES, CAPTURE_MAX_OBJECTS, PRINT_LIMIT } from './settings.js';

export type ReplayCheck = NonNullable<VerificationReport['replay']>;

/** Errors that the backend answered with, and no engine: nothing ran. */
const NEVER_RAN = ['EngineUnavailable', 'RestoreFailed', 'CodeNotKept'];

/** Longest text that a difference quotes, in characters. */
const QUOTED = 500;

/** @throws {EngineUnavailable} when no engine can be had */
export async function checkByReplay(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  engines: EngineFactory,
): Promise<ReplayCheck> {
  const check = new Check(engines);
  try {
    for await (const entry of entries) await check.take(entry);
    return check.result;
  } finally {
    await check.end();
  }
}

class Check {
  readonly result: ReplayCheck = { inputs: 0, same: 0, differing: [], skipped: [] };
  readonly #inputs = new Map<string, Entry & InputEntry>();
  /** By the revision of the session's snapshot. */
  readonly #captures = new Map<number, readonly Capture[]>();
  /** What the engine gave away since the last of them. */
  #taken: readonly Capture[] = [];
  #state: SessionState | undefined;
  #engine: Engine | undefined;

  constructor(private readonly engines: EngineFactory) {}

  async take(entry: Entry): Promise<void> {
    this.#state = fold([entry], this.#state);
    if (entry.type === 'input') this.#inputs.set(entry.key, entry);
    else if (entry.type === 'output') await this.#compare(entry);
    else if (entry.type === 'snapshot') await this.#capture(entry);
    // A replay goes on in the engine that was restored before it.
    else if (entry.type === 'restored' && !entry.replayed) await this.#startAnew(this.#state);
  }

  async end(): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    this.#taken = [];
    await engine?.stop();
  }

  async #compare(output: Entry & OutputEntry): Promise<void> {
    const input = this.#inputs.get(output.key);
    if (!input) return;
    this.#inputs.delete(output.key);
    const reason = whyNotComparable(input, output);
    if (reason !== undefined) {
      this.result.skipped.push({ revision: input.seq, reason });
      return;
    }
    this.result.inputs += 1;
    const recorded = described(output);
    const replayed = await this.#run(input);
    if (recorded === replayed) this.result.same += 1;
    else {
      const differing = {
        revision: input.seq,
        code: cut(input.code),
        recorded: cut(recorded),
        replayed: cut(replayed),
      };
      this.result.differing.push(differing);
    }
  }

  async #run({ code, timeoutMs }: InputEntry): Promise<string> {
    const engine = this.#engine ?? (await this.#start());
    const budget = { maxBytes: CAPTURE_MAX_BYTES, maxObjects: CAPTURE_MAX_OBJECTS };
    try {
      const reply = await engine.evaluate({ code, timeoutMs, printLimit: PRINT_LIMIT, budget });
      if (reply.capture) this.#taken = [...this.#taken, reply.capture];
      return described(reply);
    } catch (error) {
      await this.end();
      return `unknown: ${(error as Error).message}`;
    }
  }

  /** One thing is done after another here, so there is no engine yet when this one comes. */
  async #start(): Promise<Engine> {
    const engine = await this.engines.start('a replay that checks');
    this.#engine = engine;
    return engine;
  }

  /** The session's snapshot came with an output, as one of the engine here did, or was taken by itself. */
  async #capture({ seq, kind }: Entry & SnapshotEntry): Promise<void> {
    const isTaken = this.#taken.some((capture) => kind === 'changes' || capture.kind === 'full');
    const capture = isTaken ? undefined : await this.#engine?.capture(kind);
    this.#captures.set(seq, capture ? [...this.#taken, capture] : this.#taken);
    this.#taken = [];
  }

  async #startAnew({ snapshots }: SessionState): Promise<void> {
    await this.end();
    const captures = snapshots.flatMap(({ seq }) => this.#captures.get(seq) ?? []);
    if (captures.length === 0) return;
    const engine = await this.#start();
    await engine.restore(captures.map(({ data }) => data));
  }
}

function whyNotComparable(input: InputEntry, output: OutputEntry): string | undefined {
  if (input.redacted) return 'its code held secrets and was not kept';
  if (output.outcome === 'unknown') return 'nobody knows how far it ran';
  if (output.error && NEVER_RAN.includes(output.error.class)) return 'it never ran';
  return undefined;
}

/** Everything about a result that must be the same again; how long it took need not. */
function described({
  outcome,
  printString,
  class: valueClass,
  error,
  transcript,
}: Pick<EvaluateReply | OutputEntry, 'outcome' | 'printString' | 'class' | 'error' | 'transcript'>): string {
  const written = transcript === '' ? '' : `; wrote ${JSON.stringify(transcript)}`;
  if (outcome === 'value') return `${printString} (${valueClass})${written}`;
  // The message of an interruption tells its time.
  return outcome === 'error' ? `${error?.class}: ${error?.message}${written}` : `${outcome}${written}`;
}

function cut(text: string): string {
  return text.length > QUOTED ? `${text.slice(0, QUOTED - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : text;
}
