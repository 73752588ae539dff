/**
 * Proves a session by running it again: every input, in engines that hold nothing but what the inputs before made, and
 * every result beside the one in the journal. Where the session lost its engine, so does the replay, which then has what the
 * session had saved by then: it captures where the session did, and loads where the session did.
 */
import type { Capture, Engine, EngineFactory, EvaluateReply, RestoreReply } from '../engine/contract.js';
import type { VerificationReport } from '../protocol/documents.js';
import type { BindingReport, Entry, InputEntry, OutputEntry, RestoredEntry, SnapshotEntry } from '../session/entry.js';
import { neverRan } from '../session/never-ran.js';
import { fold, type SessionState } from '../session/state.js';
import { foundAfter } from './restore-target.js';
import { CAPTURE_MAX_BYTES, CAPTURE_MAX_OBJECTS, PRINT_LIMIT } from './settings.js';

export type ReplayCheck = NonNullable<VerificationReport['replay']>;

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
  /** Bindings with values that came of what was skipped: this replay cannot have them. */
  readonly #beyond = new Set<string>();
  #isSkipped = false;
  #state: SessionState | undefined;
  #engine: Engine | undefined;

  constructor(private readonly engines: EngineFactory) {}

  async take(entry: Entry): Promise<void> {
    this.#state = fold([entry], this.#state);
    if (entry.type === 'input') this.#inputs.set(entry.key, entry);
    else if (entry.type === 'output') await this.#compare(entry);
    else if (entry.type === 'snapshot') await this.#capture(entry);
    // A replay goes on in the engine that was restored before it.
    else if (entry.type === 'restored' && !entry.replayed) await this.#startAnew(this.#state, entry);
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
    this.#isSkipped = reason !== undefined;
    for (const name of output.deferred ?? []) this.#note(name);
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

  /** A binding got its value by the evaluation that was looked at last, or by none: at idle. */
  #note(name: string): void {
    if (this.#isSkipped) this.#beyond.add(name);
    else this.#beyond.delete(name);
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
  async #capture({ seq, kind, saved }: Entry & SnapshotEntry): Promise<void> {
    // A full one has the values of all that ran.
    if (kind === 'changes') for (const name of saved) this.#note(name);
    const isTaken = this.#taken.some((capture) => kind === 'changes' || capture.kind === 'full');
    const capture = isTaken ? undefined : await this.#engine?.capture(kind);
    this.#captures.set(seq, capture ? [...this.#taken, capture] : this.#taken);
    this.#taken = [];
  }

  async #startAnew({ snapshots }: SessionState, { seq, bindings }: Entry & RestoredEntry): Promise<void> {
    await this.end();
    const captures = snapshots.flatMap(({ seq: revision }) => this.#captures.get(revision) ?? []);
    const wanted = bindings.filter(({ name, fidelity }) => fidelity === 'snapshot' && !this.#beyond.has(name));
    if (captures.length === 0) return this.#compareRestored(seq, wanted, { restored: [], failed: [], classes: [] });
    const engine = await this.#start();
    this.#compareRestored(seq, wanted, await engine.restore(captures.map(({ data }) => data)));
  }

  /** What the session had back and this replay has not: everything after it may differ for that reason alone. */
  #compareRestored(revision: number, wanted: readonly BindingReport[], reply: RestoreReply): void {
    const failed = new Map(reply.failed.map(({ name, reason }) => [name, reason]));
    for (const { name, fidelity, reason } of foundAfter(wanted, reply.restored, failed)) {
      if (fidelity !== 'lost') continue;
      const replayed = `${name} is lost: ${reason}`;
      this.result.differing.push({ revision, code: '', recorded: `${name} restored from a snapshot`, replayed });
    }
  }
}

function whyNotComparable(input: InputEntry, output: OutputEntry): string | undefined {
  if (input.redacted) return 'its code held secrets and was not kept';
  if (output.outcome === 'unknown') return 'nobody knows how far it ran';
  if (neverRan(output)) return 'it never ran';
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
