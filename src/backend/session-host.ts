/** One session at work: its state, its engine, and the lane in which everything that touches the engine happens. */
import { createHash, randomUUID } from 'node:crypto';
import {
  type Capture,
  type Engine,
  EngineDied,
  type EngineFactory,
  EngineUnavailable,
  type EvaluateReply,
  type Inspection,
} from '../engine/contract.js';
import {
  DamagedJournal,
  type Draft,
  DuplicateKey,
  type Journal,
  JournalFull,
  RevisionConflict,
} from '../journal/journal.js';
import type { EvaluationResult, RestoreReport, SessionSummary } from '../protocol/documents.js';
import { ProtocolError } from '../protocol/errors.js';
import { MAX_CONTEXT_BYTES, MAX_LABELS } from '../protocol/limits.js';
import type {
  BindingReport,
  EntryBody,
  EvaluationError,
  InputEntry,
  OutputEntry,
  StoredEntry,
} from '../session/entry.js';
import { type Evaluation, evaluationOf } from '../session/evaluation.js';
import { applyMergePatch } from '../session/merge-patch.js';
import { planRestore, type RestorePlan } from '../session/restore-plan.js';
import { fold, type PendingInput, type SessionState, type UncoveredInput } from '../session/state.js';
import { Lane } from './lane.js';
import * as settings from './settings.js';
import type { Timer } from './timer.js';

export interface HostContext {
  readonly journal: Journal;
  readonly engines: EngineFactory;
  readonly now: () => Date;
  readonly after: Timer;
  readonly log: (message: string) => void;
  /** Called before an engine starts, to let go of others where there are many. */
  readonly makeRoom: () => Promise<void>;
}

export interface EvaluationRequest {
  readonly key: string;
  readonly code: string;
  readonly client: string;
  readonly timeoutMs: number;
  readonly ifRevision?: number | undefined;
  readonly inspect?: boolean;
  /** Key of an evaluation with unknown outcome that is to run again as this one. */
  readonly rerunOf?: string | undefined;
  /** Told when the evaluation is durable, and when it begins. */
  readonly progress?: (status: 'accepted' | 'running', about: Accepted) => void;
}

export interface Accepted {
  readonly key: string;
  readonly session: string;
  /** Revision of the input. */
  readonly revision: number;
}

/** A snapshot entry with its bytes. */
type SnapshotBody = EntryBody & { readonly blob: Uint8Array };

/** Says that what is done is durable only when the disk has space again. */
type TellHeld = (why: ProtocolError) => void;

interface RunOptions {
  readonly inspect: boolean;
  readonly progress?: EvaluationRequest['progress'] | undefined;
}

export interface Evaluated {
  readonly result: EvaluationResult;
  readonly inspection?: Inspection;
}

/** An evaluation that is accepted and whose outcome is not in the journal. */
interface Waiting {
  /** What its client is told: the outcome, or that a full disk holds it. */
  readonly told: Promise<Evaluated>;
  /** Settles when its outcome is in the journal, or will not be before a backend starts again. */
  readonly settled: Promise<Evaluated>;
}

/** Client recorded on entries that the backend makes by itself. */
const BACKEND = 'backend';

export class SessionHost {
  readonly #lane = new Lane();
  readonly #waiting = new Map<string, Waiting>();
  #engine: Engine | undefined;
  #engineState: SessionSummary['engineState'] = 'none';
  /** What the engine gave away as captured, and a full disk did not take: the snapshots after these build on them. */
  #unwritten: SnapshotBody[] = [];
  #cancelIdle: () => void = () => {};
  #cancelHibernation: () => void = () => {};
  #checkpointed: number;
  #stopping = false;
  /** The oldest pending input may have run. Were another one to run now, a successor could not tell which of them did. */
  #oldestMayHaveRun: boolean;
  #lastWorked = 0;

  constructor(
    private readonly context: HostContext,
    public state: SessionState,
  ) {
    this.#checkpointed = state.revision;
    this.#oldestMayHaveRun = state.pending.length > 0 && !state.pendingUntouched;
  }

  get engineState(): SessionSummary['engineState'] {
    return this.#engineState;
  }

  /** Folds what the journal committed. Called in commit order. */
  apply(entries: readonly StoredEntry[]): void {
    this.state = fold(
      entries.map((stored) => stored.entry),
      this.state,
    );
    if (this.state.revision - this.#checkpointed >= settings.CHECKPOINT_EVERY) this.#saveCheckpoint(entries);
  }

  summary(): SessionSummary {
    const { state } = this;
    const expiresAt = this.expiresAt();
    return {
      id: state.id,
      name: state.name,
      state: state.closed ? 'closed' : 'open',
      closedBecause: state.closed,
      revision: state.revision,
      engine: state.engine,
      engineState: this.#engineState,
      owner: state.owner,
      labels: { ...state.labels },
      ttlMs: state.ttlMs,
      expiresAt: expiresAt ? expiresAt.toISOString() : null,
      createdAt: state.createdAt,
      updatedAt: state.updatedAt,
      evaluations: state.evaluations,
      errors: state.errors,
      pending: state.pending.length,
      bindings: Object.values(state.bindings).filter((binding) => binding.status !== 'lost').length,
      bytes: this.context.journal.session(state.id)?.bytes ?? 0,
    };
  }

  /** When the session closes for want of activity; undefined for never. Work that waits counts as activity. */
  expiresAt(): Date | undefined {
    const { ttlMs, closed, updatedAt, pending } = this.state;
    if (ttlMs === null || closed || pending.length > 0) return undefined;
    return new Date(Date.parse(updatedAt) + ttlMs);
  }

  /**
   * Evaluates once for a key: a key seen before gets its first answer.
   * @throws {ProtocolError} SessionClosed, KeyConflict, RevisionConflict, StorageFull, ShuttingDown
   */
  async evaluate(request: EvaluationRequest): Promise<Evaluated> {
    const earlier = await this.#earlierAnswer(request);
    if (earlier) return earlier;
    this.#requireOpen();
    this.#requireRunning();
    const { key, code, client, timeoutMs, rerunOf, progress } = request;
    const replayOf = rerunOf === undefined ? undefined : this.#rerunnable(rerunOf);
    const input: InputEntry = { type: 'input', key, code, timeoutMs, ...(replayOf === undefined ? {} : { replayOf }) };
    let stored: readonly StoredEntry[];
    try {
      stored = await this.#append(client, [input], request.ifRevision);
    } catch (error) {
      const twin = error instanceof DuplicateKey ? await this.#earlierAnswer(request) : undefined;
      if (twin) return twin;
      throw error;
    }
    const seq = stored[0]?.entry.seq as number;
    progress?.('accepted', { key, session: this.state.id, revision: seq });
    return this.#schedule({ seq, key, code, timeoutMs, client }, { inspect: request.inspect ?? false, progress });
  }

  /** @returns the revision of an input that may run again because nobody knows whether it ran */
  #rerunnable(key: string): number {
    const [found] = this.context.journal.findByKey(key, this.state.id);
    const input = found?.entries.find(({ entry }) => entry.type === 'input');
    if (!input) throw new ProtocolError('EvaluationNotFound', `No evaluation was accepted under the key ${key}`);
    const { outcome } = this.#evaluation(key);
    if (outcome === 'unknown') return input.entry.seq;
    throw new ProtocolError(
      'SessionError',
      `The outcome of ${key} is known (${outcome}), so there is no need to run it again`,
    );
  }

  /** The evaluation with `key`, waiting up to `waitMs` for its outcome. */
  async answer(key: string, waitMs: number): Promise<Evaluation> {
    const running = this.#waiting.get(key)?.settled;
    if (running && waitMs > 0) {
      let cancel: () => void = () => {};
      const timeUp = new Promise<void>((resolve) => {
        cancel = this.context.after(waitMs, resolve);
      });
      // Whatever ends the wait, the journal has the answer.
      await Promise.race([running.catch(() => {}), timeUp]);
      cancel();
    }
    return this.#evaluation(key);
  }

  /**
   * Settles what a crash left open: the oldest pending input may have run, those behind it have not. These take their
   * places before anything new can be accepted. Resolves when it is durable that they go on, or held by a full disk.
   */
  async recover(): Promise<void> {
    const waiting = [...this.state.pending];
    const interrupted = this.state.pendingUntouched ? undefined : waiting.shift();
    const logged = (error: Error) => this.context.log(`${this.state.id}: ${error.message}`);
    let settled: Promise<unknown> = Promise.resolve();
    if (interrupted) settled = this.#answerInLane(interrupted.key, (tellHeld) => this.#disown(interrupted, tellHeld));
    else if (waiting.length > 0) settled = this.#runInLane((tellHeld) => this.#resume(tellHeld)).told;
    for (const input of waiting) this.#schedule(input, { inspect: false }).catch(logged);
    await settled.catch(logged);
  }

  async #resume(tellHeld: TellHeld): Promise<void> {
    await this.#appendHeld('what is accepted', [{ type: 'backend', event: 'resumed' }], tellHeld);
  }

  async #disown({ key }: PendingInput, tellHeld: TellHeld): Promise<Evaluated> {
    const output = unknownOutput(key, 'BackendDied', 'the backend ended while this evaluation was running');
    await this.#appendHeld(`the output of ${key}`, [output], tellHeld);
    this.#oldestMayHaveRun = false;
    return { result: { ...this.#evaluation(key), fromJournal: true, restored: null } };
  }

  /** Gives every pending input the outcome `unknown`: for a session that came from elsewhere, where they may have run. */
  async disownPending(): Promise<void> {
    const outputs = this.state.pending.map(({ key }) =>
      unknownOutput(key, 'Imported', 'the archive was made before this evaluation had an outcome'),
    );
    if (outputs.length > 0) await this.#append(BACKEND, outputs);
    this.#oldestMayHaveRun = false;
  }

  /** @returns what a restore would do, or did. */
  async restore(options: { plan: boolean; replay: boolean; client: string }): Promise<RestoreReport> {
    const startedAt = performance.now();
    if (options.plan) {
      const plan = planRestore(this.state, { live: this.#engine !== undefined, replay: options.replay });
      return this.#report(plan, plan.bindings, startedAt, true);
    }
    this.#requireRunning();
    return this.#lane.run(async () => {
      const reopened = this.state.closed !== null;
      const cold = this.#engine === undefined;
      const plan = planRestore(this.state, { live: !cold, replay: options.replay });
      const { restored } = await this.#ensureEngine(options.client);
      let bindings = restored?.bindings ?? plan.bindings;
      if (plan.replay.length > 0) bindings = await this.#replay(plan, options.client);
      else if (reopened && !restored)
        await this.#append(options.client, [{ type: 'restored', bindings: [...bindings] }]);
      return this.#report(plan, bindings, startedAt, false);
    });
  }

  /** Captures what no snapshot carries yet. @returns the bytes written. */
  async save(): Promise<number> {
    this.#requireOpen();
    return this.#lane.run(() => this.#capture(this.#wantsFull() ? 'full' : 'changes'));
  }

  unsaved(): { name: string; reason: string }[] {
    return Object.entries(this.state.bindings).flatMap(([name, binding]) =>
      binding.status === 'saved' ? [] : [{ name, reason: binding.reason }],
    );
  }

  async patchContext(patch: Record<string, unknown>, client: string, ifRevision?: number): Promise<void> {
    this.#requireOpen();
    const size = JSON.stringify(applyMergePatch(this.state.context, patch)).length;
    if (size > MAX_CONTEXT_BYTES) {
      throw new ProtocolError(
        'LimitExceeded',
        `The context would have ${size} bytes; at most ${MAX_CONTEXT_BYTES} are kept`,
      );
    }
    await this.#append(client, [{ type: 'context', patch }], ifRevision);
  }

  async rename(name: string, client: string, ifRevision?: number): Promise<void> {
    await this.#append(client, [{ type: 'renamed', name }], ifRevision);
  }

  async label(labels: Record<string, string | null>, client: string, ifRevision?: number): Promise<void> {
    const after = { ...this.state.labels, ...labels };
    if (Object.values(after).filter((value) => value !== null).length > MAX_LABELS) {
      throw new ProtocolError('LimitExceeded', `A session has at most ${MAX_LABELS} labels`);
    }
    await this.#append(client, [{ type: 'labelled', labels }], ifRevision);
  }

  /** Saves, closes and stops the engine. Closing a closed session changes nothing. */
  async close(reason: 'requested' | 'expired', client: string, ifRevision?: number): Promise<void> {
    await this.#lane.run(async () => {
      if (this.state.closed) return;
      if (ifRevision !== undefined && ifRevision !== this.state.revision) throw conflict(this.state, ifRevision);
      await this.#capture('changes');
      await this.#append(client, [{ type: 'closed', reason }]);
      await this.#stopEngine();
    });
  }

  /** Stops for good without saving: the session's journal is about to go or to be replaced. */
  async abandon(): Promise<void> {
    this.#stopping = true;
    this.#engine?.interrupt();
    await this.#lane.run(() => this.#stopEngine());
  }

  /** @returns when the engine last worked, on the monotonic clock, if it can be stopped without losing anything */
  hibernatableSince(): number | undefined {
    return this.#engine && this.#lane.length === 0 && this.#isComplete() ? this.#lastWorked : undefined;
  }

  /** Stops the engine if that still loses nothing. The next evaluation starts one again. */
  async hibernate(): Promise<void> {
    await this.#lane.run(() => this.#stopCompleteEngine());
  }

  /** Finishes what runs, within the deadline; what is queued stays accepted and runs when a backend opens the session again. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    const cancelInterrupt = this.context.after(deadlineMs, () => this.#engine?.interrupt());
    const cancelKill = this.context.after(deadlineMs + settings.STOP_GRACE_MS, () => void this.#engine?.stop());
    await this.#lane.idle();
    cancelInterrupt();
    cancelKill();
    await this.#lane.run(async () => {
      const logged = (error: Error) => this.context.log(`${this.state.id}: ${error.message}`);
      await this.#capture('changes').catch(logged);
      if (this.state.pending.length > 0 && !this.#oldestMayHaveRun)
        await this.#append(BACKEND, [{ type: 'backend', event: 'stopped' }]).catch(logged);
      await this.#stopEngine();
    });
  }

  #schedule(input: PendingInput, options: RunOptions): Promise<Evaluated> {
    this.#cancelIdle();
    return this.#answerInLane(input.key, (tellHeld) => this.#run(input, options, tellHeld));
  }

  /** @param answer told how to say that a full disk holds its outcome; whoever waits for it is told then */
  #answerInLane(key: string, answer: (tellHeld: TellHeld) => Promise<Evaluated>): Promise<Evaluated> {
    const { told, settled } = this.#runInLane(answer);
    this.#waiting.set(key, { told, settled });
    const forget = () => this.#waiting.delete(key);
    settled.then(forget, forget);
    return told;
  }

  #runInLane<T>(task: (tellHeld: TellHeld) => Promise<T>): { told: Promise<T>; settled: Promise<T> } {
    let tellHeld: TellHeld = () => {};
    const held = new Promise<never>((_, reject) => {
      tellHeld = reject;
    });
    const settled = this.#lane.run(() => task(tellHeld));
    return { told: Promise.race([settled, held]), settled };
  }

  /** @param tellHeld called when the outcome is known but the disk does not take it yet */
  async #run(input: PendingInput, { inspect, progress }: RunOptions, tellHeld: TellHeld): Promise<Evaluated> {
    if (this.#stopping) {
      throw new ProtocolError(
        'ShuttingDown',
        `The backend is stopping. The evaluation ${input.key} is accepted and runs when the backend is back`,
      );
    }
    if (this.#oldestMayHaveRun) {
      throw new ProtocolError(
        'SessionError',
        `What went before could not be written. The evaluation ${input.key} is accepted and runs after a restart`,
      );
    }
    let begun = false;
    let restored: RestoreReport | null = null;
    let bodies: readonly (EntryBody & { blob?: Uint8Array })[];
    let inspection: Inspection | undefined;
    try {
      const ensured = await this.#ensureEngine(input.client);
      restored = ensured.restored;
      this.#engineState = 'busy';
      progress?.('running', { key: input.key, session: this.state.id, revision: input.seq });
      begun = true;
      const reply = await ensured.engine.evaluate({
        code: input.code,
        timeoutMs: input.timeoutMs,
        printLimit: settings.PRINT_LIMIT,
        budget: { maxBytes: settings.CAPTURE_MAX_BYTES, maxObjects: settings.CAPTURE_MAX_OBJECTS },
        inspect,
      });
      inspection = reply.inspection;
      bodies = [outputOf(input.key, reply), ...(reply.capture ? [snapshotOf(reply.capture)] : [])];
    } catch (error) {
      bodies = [failedOutput(input.key, error, begun)];
    } finally {
      if (this.#engineState === 'busy') this.#engineState = 'idle';
    }
    const stored = await this.#appendHeld(`the output of ${input.key}`, [...this.#unwritten, ...bodies], tellHeld);
    this.#unwritten = [];
    this.#afterWork();
    const output = stored.find(({ entry }) => entry.type === 'output')?.entry as StoredEntry['entry'] & OutputEntry;
    return {
      result: { ...this.#evaluation(input.key, output), fromJournal: false, restored },
      ...(inspection ? { inspection } : {}),
    };
  }

  #evaluation(key: string, output?: StoredEntry['entry'] & OutputEntry) {
    const entries = this.context.journal.findByKey(key, this.state.id)[0]?.entries ?? [];
    const input = entries.find(({ entry }) => entry.type === 'input')?.entry as StoredEntry['entry'] & InputEntry;
    const found = entries.find(({ entry }) => entry.type === 'output')?.entry as StoredEntry['entry'] & OutputEntry;
    return evaluationOf(this.state.id, input, output ?? found);
  }

  async #earlierAnswer(request: EvaluationRequest): Promise<Evaluated | undefined> {
    if (!this.context.journal.findByKey(request.key, this.state.id)[0]) return undefined;
    const known = this.#evaluation(request.key);
    if (known.code !== request.code) {
      throw new ProtocolError('KeyConflict', `The key ${request.key} belongs to an evaluation of other code`);
    }
    if (known.outcome !== 'queued') return { result: { ...known, fromJournal: true, restored: null } };
    const running = this.#waiting.get(request.key);
    if (!running)
      throw new ProtocolError('ShuttingDown', `The evaluation ${request.key} is accepted and not yet answered`);
    request.progress?.('accepted', { key: known.key, session: known.session, revision: known.revision });
    const { result } = await running.told;
    return { result: { ...result, fromJournal: true } };
  }

  /** Starts an engine and gives it the session's state. Only inside the lane. */
  async #ensureEngine(client: string): Promise<{ engine: Engine; restored: RestoreReport | null }> {
    if (this.#engine) return { engine: this.#engine, restored: null };
    const startedAt = performance.now();
    const plan = planRestore(this.state, { live: false, replay: false });
    await this.context.makeRoom();
    this.#engineState = 'starting';
    let engine: Engine | undefined;
    try {
      engine = await this.context.engines.start();
      const bindings = await this.#load(engine, plan);
      this.#watch(engine);
      if (bindings.length === 0 && !this.state.closed && this.state.uncovered.length === 0) {
        return { engine, restored: null };
      }
      await this.#append(client, [{ type: 'restored', bindings }]);
      return { engine, restored: this.#report(plan, bindings, startedAt, false) };
    } catch (error) {
      this.#engine = undefined;
      this.#engineState = 'none';
      await engine?.stop();
      throw error;
    }
  }

  async #load(engine: Engine, plan: RestorePlan): Promise<BindingReport[]> {
    if (plan.snapshots.length === 0) return [...plan.bindings];
    const texts = plan.snapshots.map((seq) => {
      const bytes = this.context.journal.blob(this.state.id, seq);
      if (!bytes) throw new DamagedJournal(this.state.id, seq - 1, `The snapshot of revision ${seq} is missing`);
      return Buffer.from(bytes).toString('utf8');
    });
    const reply = await engine.restore(texts);
    const failed = new Map(reply.failed.map(({ name, reason }) => [name, reason]));
    return plan.bindings.map((binding) => {
      const reason = failed.get(binding.name);
      return reason && binding.fidelity === 'snapshot' ? { name: binding.name, fidelity: 'lost', reason } : binding;
    });
  }

  #watch(engine: Engine): void {
    this.#engine = engine;
    this.#engineState = 'idle';
    this.#unwritten = [];
    void engine.exited.then((exit) => {
      if (this.#engine !== engine) return;
      this.#engine = undefined;
      this.#engineState = 'none';
      this.context.log(`${this.state.id}: ${exit.reason}`);
    });
  }

  async #replay(plan: RestorePlan, client: string): Promise<BindingReport[]> {
    const outcomes = new Map<number, EvaluationResult>();
    for (const { seq, code } of plan.replay) {
      const key = `replay-${seq}-${randomUUID()}`;
      const timeoutMs = settings.DEFAULT_TIMEOUT_MS;
      const [stored] = await this.#append(client, [{ type: 'input', key, code, timeoutMs, replayOf: seq }]);
      const input = { seq: stored?.entry.seq as number, key, code, timeoutMs, client };
      outcomes.set(seq, (await this.#run(input, { inspect: false }, () => {})).result);
    }
    const present = new Set((await this.#engine?.bindings())?.map((binding) => binding.name));
    const bindings = plan.bindings.map((binding) => replayedBinding(binding, plan.replay, outcomes, present));
    const replayed = plan.replay.map((input) => input.seq);
    await this.#append(client, [{ type: 'restored', bindings, replayed }]);
    return bindings;
  }

  #report(plan: RestorePlan, bindings: readonly BindingReport[], startedAt: number, planned: boolean): RestoreReport {
    return {
      session: this.state.id,
      name: this.state.name,
      revision: this.state.revision,
      plan: planned,
      bindings: bindings.map((binding) => ({ ...binding })),
      classes: [...this.state.classes],
      replayed: plan.replay.map(inputReference),
      notReplayed: plan.notReplayed.map(inputReference),
      lost: bindings.filter((binding) => binding.fidelity === 'lost').map((binding) => binding.name),
      snapshotBytes: plan.snapshotBytes,
      durationMs: Math.round((performance.now() - startedAt) * 1000) / 1000,
    };
  }

  /** Only inside the lane. Answers 0 when there is nothing new, or no engine to ask. */
  async #capture(kind: 'full' | 'changes'): Promise<number> {
    if (!this.#engine) return 0;
    const capture = await this.#engine.capture(kind);
    const earlier = kind === 'full' ? [] : this.#unwritten;
    this.#unwritten = capture ? [...earlier, snapshotOf(capture)] : earlier;
    if (this.#unwritten.length === 0) return 0;
    await this.#appendDrafts(this.#unwritten.map(({ blob, ...body }) => this.#draft(BACKEND, body, blob)));
    const bytes = this.#unwritten.reduce((sum, { blob }) => sum + blob.byteLength, 0);
    this.#unwritten = [];
    return bytes;
  }

  #wantsFull(): boolean {
    const [base, ...changes] = this.state.snapshots;
    if (!base) return false;
    const weight = changes.reduce((sum, change) => sum + change.bytes, 0);
    return (
      changes.length >= settings.MAX_CHANGE_SNAPSHOTS ||
      weight > Math.max(settings.MIN_CHANGES_BYTES, settings.CHANGES_TO_FULL_RATIO * base.bytes)
    );
  }

  #afterWork(): void {
    this.#cancelIdle();
    this.#cancelHibernation();
    this.#lastWorked = performance.now();
    if (this.#stopping || !this.#engine) return;
    if (this.#isFarBehind()) this.#inLane(() => this.#catchUp());
    else if (this.state.uncovered.length > 0 || this.#wantsFull()) {
      this.#cancelIdle = this.context.after(settings.IDLE_CAPTURE_MS, () =>
        this.#whenIdle(() => this.#captureAtIdle()),
      );
    }
    this.#cancelHibernation = this.context.after(settings.HIBERNATE_AFTER_MS, () =>
      this.#whenIdle(() => this.#stopCompleteEngine()),
    );
  }

  #whenIdle(task: () => Promise<void>): void {
    if (this.#lane.length === 0) this.#inLane(task);
  }

  #inLane(task: () => Promise<void>): void {
    this.#lane.run(task).catch((error: Error) => this.context.log(`${this.state.id}: ${error.message}`));
  }

  #isFarBehind(): boolean {
    return Math.max(this.state.snapshots.length, this.state.uncovered.length) > settings.MAX_BEHIND;
  }

  /** Every evaluation that ended far behind asked for this; the first one does it for all. */
  async #catchUp(): Promise<void> {
    if (this.#isFarBehind()) await this.#capture('full');
  }

  async #captureAtIdle(): Promise<void> {
    await this.#capture(this.#wantsFull() ? 'full' : 'changes');
  }

  async #stopCompleteEngine(): Promise<void> {
    if (this.#isComplete()) await this.#stopEngine();
  }

  /** Whether a restore would bring back everything that the engine holds. */
  #isComplete(): boolean {
    const unsaved = Object.values(this.state.bindings).some((binding) => binding.status === 'unsaved');
    return !unsaved && this.state.uncovered.length === 0;
  }

  async #stopEngine(): Promise<void> {
    this.#cancelIdle();
    this.#cancelHibernation();
    const engine = this.#engine;
    this.#engine = undefined;
    this.#engineState = 'none';
    await engine?.stop();
  }

  #saveCheckpoint(entries: readonly StoredEntry[]): void {
    const last = entries.at(-1);
    if (!last) return;
    this.context.journal.saveCheckpoint(this.state.id, {
      revision: this.state.revision,
      hash: last.hash,
      state: JSON.stringify(this.state),
    });
    this.#checkpointed = this.state.revision;
  }

  #draft(client: string, body: EntryBody, blob?: Uint8Array): Draft {
    return { client, time: this.context.now().toISOString(), body, ...(blob ? { blob } : {}) };
  }

  #append(client: string, bodies: readonly EntryBody[], ifRevision?: number): Promise<readonly StoredEntry[]> {
    return this.#appendDrafts(
      bodies.map((body) => this.#draft(client, body)),
      ifRevision,
    );
  }

  async #appendDrafts(drafts: readonly Draft[], expectedRevision?: number): Promise<readonly StoredEntry[]> {
    const options = expectedRevision === undefined ? {} : { expectedRevision };
    try {
      return await this.context.journal.append(this.state.id, drafts, options);
    } catch (error) {
      if (error instanceof RevisionConflict) throw conflict(this.state, error.expected);
      if (error instanceof JournalFull) throw storageFull('Nothing was changed.');
      throw error;
    }
  }

  /** What happened is held until the disk takes it, and nothing else runs in the session meanwhile. */
  async #appendHeld(
    what: string,
    bodies: readonly (EntryBody & { blob?: Uint8Array })[],
    tellHeld: TellHeld,
  ): Promise<readonly StoredEntry[]> {
    for (let attempt = 1; ; attempt++) {
      // The time is taken anew, so that entries stay in order of time.
      const drafts = bodies.map(({ blob, ...body }) => this.#draft(BACKEND, body as EntryBody, blob));
      try {
        return await this.context.journal.append(this.state.id, drafts);
      } catch (error) {
        if (!(error instanceof JournalFull) || this.#stopping) {
          this.#oldestMayHaveRun = true;
          throw error;
        }
        if (attempt === 1) {
          this.context.log(`${this.state.id}: the disk is full; holding ${what}`);
          tellHeld(storageFull(`Nothing is lost: ${what} is held until there is space.`));
        }
        await new Promise<void>((resolve) => this.context.after(settings.STORAGE_RETRY_MS, resolve));
      }
    }
  }

  #requireOpen(): void {
    if (!this.state.closed) return;
    const why = this.state.closed === 'expired' ? 'closed after its time to live' : 'closed';
    throw new ProtocolError('SessionClosed', `The session ${this.state.name} is ${why}`);
  }

  #requireRunning(): void {
    if (this.#stopping) throw new ProtocolError('ShuttingDown', 'The backend is stopping and accepts no new work');
  }
}

function outputOf(key: string, reply: EvaluateReply): OutputEntry {
  return {
    type: 'output',
    key,
    outcome: reply.outcome,
    ...(reply.printString === undefined ? {} : { printString: reply.printString }),
    ...(reply.class === undefined ? {} : { class: reply.class }),
    ...(reply.error ? { error: reply.error } : {}),
    transcript: reply.transcript,
    durationMs: reply.durationMs,
    ...(reply.deferred && reply.deferred.length > 0 ? { deferred: reply.deferred } : {}),
  };
}

function snapshotOf(capture: Capture): SnapshotBody {
  const blob = Buffer.from(capture.data, 'utf8');
  return {
    type: 'snapshot',
    kind: capture.kind,
    digest: createHash('sha256').update(blob).digest('hex'),
    bytes: blob.byteLength,
    saved: capture.saved,
    removed: capture.removed,
    unsaved: capture.unsaved,
    classes: capture.classes,
    blob,
  };
}

/** No answer came. An engine that died before it was given the code has certainly not run it. */
function failedOutput(key: string, error: unknown, begun: boolean): OutputEntry {
  if (begun && error instanceof EngineDied) return unknownOutput(key, 'EngineDied', error.message);
  const failure: EvaluationError = {
    class: error instanceof EngineUnavailable ? 'EngineUnavailable' : 'RestoreFailed',
    message: error instanceof Error ? error.message : String(error),
    stack: [],
  };
  return { type: 'output', key, outcome: 'error', error: failure, transcript: '', durationMs: 0 };
}

function unknownOutput(key: string, errorClass: string, message: string): OutputEntry {
  const error = { class: errorClass, message, stack: [] };
  return { type: 'output', key, outcome: 'unknown', error, transcript: '', durationMs: 0 };
}

function inputReference({ seq, code, unknown }: UncoveredInput) {
  return { revision: seq, code, unknown };
}

function replayedBinding(
  binding: BindingReport,
  inputs: readonly UncoveredInput[],
  outcomes: ReadonlyMap<number, EvaluationResult>,
  present: ReadonlySet<string>,
): BindingReport {
  if (binding.fidelity !== 'replayed') return binding;
  const input = inputs.findLast((candidate) => candidate.names.includes(binding.name));
  const result = input ? outcomes.get(input.seq) : undefined;
  if (present.has(binding.name)) {
    const remark = result?.outcome === 'value' ? '' : ', which did not end with a value this time';
    return { name: binding.name, fidelity: 'replayed', reason: `input ${input?.seq} ran again${remark}` };
  }
  const why = result?.error ? `${result.error.class}: ${result.error.message}` : 'it did not bind the name';
  return { name: binding.name, fidelity: 'lost', reason: `input ${input?.seq} ran again, and ${why}` };
}

function conflict(state: SessionState, expected: number): ProtocolError {
  return new ProtocolError(
    'RevisionConflict',
    `The session ${state.name} is at revision ${state.revision}, not ${expected}`,
    { revision: state.revision },
  );
}

function storageFull(consequence: string): ProtocolError {
  return new ProtocolError('StorageFull', `The disk of the backend is full. ${consequence}`);
}
