/** One session at work: its state, its engine, and the lane in which everything that touches the engine happens. */
import { randomUUID } from 'node:crypto';
import { type Engine, type EngineFactory, EngineOwnership, type Inspection } from '../engine/contract.js';
import { type Draft, DuplicateKey, type Journal, JournalFull, RevisionConflict } from '../journal/journal.js';
import type { Binding, EvaluationResult, RestoreReport, SessionSummary } from '../protocol/documents.js';
import { ProtocolError } from '../protocol/errors.js';
import { MAX_LABELS } from '../protocol/limits.js';
import {
  BACKEND,
  type BindingReport,
  type EngineAbsence,
  type EngineBase,
  type Entry,
  type EntryBody,
  type InputEntry,
  type OutputEntry,
  type RecordedEntry,
  type RestoredEntry,
  type StoredEntry,
} from '../session/entry.js';
import { type Evaluation, evaluationOf } from '../session/evaluation.js';
import { mergePatchBetween } from '../session/merge-patch-between.js';
import { neverRan } from '../session/never-ran.js';
import type { RestorePlan, RestoreStrategy } from '../session/restore-plan.js';
import { fold, type PendingInput, type SessionState } from '../session/state.js';
import { Attendance } from './attendance.js';
import { bindingList } from './binding-list.js';
import { ContextKeeper } from './context-keeper.js';
import { failedOutput, notKeptOutput, outputOf, type SnapshotBody, snapshotOf, unknownOutput } from './entry-bodies.js';
import { Lane } from './lane.js';
import { type Point, revisionOf, stateAt, withSnapshotsBehind } from './point-in-time.js';
import { boundSince, replayedBinding, restoreReport } from './restore-report.js';
import {
  foundLive,
  type Loaded,
  loadInto,
  type RestoreAim,
  type RestoreTarget,
  restoreTarget,
} from './restore-target.js';
import * as settings from './settings.js';
import type { Timer } from './timer.js';

export interface HostContext {
  readonly journal: Journal;
  readonly engines: EngineFactory;
  readonly now: () => Date;
  readonly after: Timer;
  /** On a clock that does not go back, in ms. */
  readonly monotonicMs: () => number;
  readonly log: (message: string) => void;
  /** Called before anything is accepted that takes the backend's time or space. @throws {ProtocolError} RateLimited, LimitExceeded */
  readonly admit: (client: string, what: 'evaluation' | 'change') => void;
}

export interface RestoreRequest extends Point {
  /** Only say what would happen. */
  readonly plan: boolean;
  readonly strategy: RestoreStrategy;
  readonly client: string;
  readonly ifRevision?: number | undefined;
}

export interface EvaluationRequest {
  readonly key: string;
  readonly code: string;
  readonly client: string;
  readonly timeoutMs: number;
  readonly ifRevision?: number | undefined;
  readonly inspect?: boolean;
  /** What the journal keeps in place of the code, which is then in memory only. */
  readonly recordAs?: string | undefined;
  /** Bindings that are to stay out of snapshots. */
  readonly leaveUnsaved?: readonly string[] | undefined;
  /** Key of an evaluation that is to run again as this one: its outcome is unknown, or it did not run. */
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

/** Says that what is done is durable only when the disk has space again. */
type TellHeld = (why: ProtocolError) => void;

interface RunOptions {
  readonly inspect: boolean;
  readonly leaveUnsaved?: readonly string[] | undefined;
  /** The input as the journal took it, where it is at hand; it is looked up otherwise. */
  readonly accepted?: StoredEntry['entry'] & InputEntry;
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
  /** Why there is no engine. */
  #absence: EngineAbsence;
  /** The Smalltalk that ran last, with its version. */
  #image: string | null = null;
  /** Knows who is with the session. */
  readonly attendance: Attendance;
  /** Takes the changes to the workspace context. */
  readonly contexts: ContextKeeper;

  constructor(
    private readonly context: HostContext,
    public state: SessionState,
    absence: EngineAbsence,
  ) {
    this.#absence = absence;
    this.#checkpointed = state.revision;
    this.#oldestMayHaveRun = state.pending.length > 0 && !state.pendingUntouched;
    const host = this;
    this.attendance = new Attendance({
      get state() {
        return host.state;
      },
      append: (client, bodies) => this.#append(client, bodies),
      now: context.now,
      monotonicMs: context.monotonicMs,
    });
    this.contexts = new ContextKeeper({
      get state() {
        return host.state;
      },
      requireOpen: () => {
        this.#requireOpen();
        this.#requireRunning();
      },
      append: (client, bodies, ifRevision) => {
        this.context.admit(client, 'change');
        return this.#append(client, bodies, ifRevision);
      },
      stateAt: (revision) => stateAt(this.context.journal, this.state.id, revision),
      newId: randomUUID,
      after: context.after,
      monotonicMs: context.monotonicMs,
    });
  }

  get hasEngine(): boolean {
    return this.#engineState !== 'none';
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
    if (entries.some(({ entry }) => entry.type === 'context' || entry.type === 'resolved')) this.contexts.remember();
    if (this.state.revision - this.#checkpointed >= settings.CHECKPOINT_EVERY) this.#saveCheckpoint(entries);
  }

  summary(): SessionSummary {
    const { state } = this;
    const expiresAt = this.attendance.expiresAt();
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
      bytes: this.bytes,
      activeAt: state.activeAt,
      conflicts: state.conflicts.length,
      shared: state.shared.everyone ? null : [...state.shared.clients],
      forkedFrom: state.forkedFrom && {
        session: state.forkedFrom.id,
        name: state.forkedFrom.name,
        revision: state.forkedFrom.revision,
      },
      orphaned: this.attendance.orphanedFor() >= settings.ORPHANED_AFTER_MS,
    };
  }

  /** Stored size of journal and snapshots. */
  get bytes(): number {
    return this.context.journal.session(this.state.id)?.bytes ?? 0;
  }

  /** The Smalltalk that ran last, with its version; null while none has run under this backend. */
  get image(): string | null {
    return this.#image;
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
    const { key, code, client, timeoutMs, rerunOf, progress, recordAs } = request;
    this.context.admit(client, 'evaluation');
    const replayOf = rerunOf === undefined ? undefined : this.#rerunnable(rerunOf);
    const input: InputEntry = {
      type: 'input',
      key,
      code: recordAs ?? code,
      timeoutMs,
      ...(replayOf === undefined ? {} : { replayOf }),
      ...(recordAs === undefined ? {} : { redacted: true }),
    };
    // An engine that has nothing to do compiles it while the disk is written to.
    if (this.#lane.length === 0) this.#engine?.prepare(code);
    let stored: readonly StoredEntry[];
    try {
      stored = await this.#append(client, [input], request.ifRevision);
    } catch (error) {
      const twin = error instanceof DuplicateKey ? await this.#earlierAnswer(request) : undefined;
      if (twin) return twin;
      throw error;
    }
    const accepted = stored[0]?.entry as StoredEntry['entry'] & InputEntry;
    const { seq } = accepted;
    progress?.('accepted', { key, session: this.state.id, revision: seq });
    return this.#schedule(
      { seq, key, code, timeoutMs, client },
      { inspect: request.inspect ?? false, leaveUnsaved: request.leaveUnsaved, accepted, progress },
    );
  }

  /** @returns the revision of an input that may run again because nobody knows whether it ran, or because it did not */
  #rerunnable(key: string): number {
    const input = this.#inputOf(key);
    if (!input) throw new ProtocolError('EvaluationNotFound', `No evaluation was accepted under the key ${key}`);
    const evaluation = this.#evaluation(key);
    const { outcome, redacted } = evaluation;
    if (redacted) {
      throw new ProtocolError(
        'SessionError',
        `The code of ${key} was not kept because it held secrets: send it again, as a new evaluation`,
      );
    }
    if (outcome === 'unknown' || neverRan(evaluation)) return input.seq;
    throw new ProtocolError(
      'SessionError',
      `The outcome of ${key} is known (${outcome}), so there is no need to run it again`,
    );
  }

  #inputOf(key: string): (Entry & InputEntry) | undefined {
    const [found] = this.context.journal.findByKey(key, this.state.id);
    for (const { entry } of found?.entries ?? []) if (entry.type === 'input') return entry;
    return undefined;
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
    for (const input of waiting) {
      if (input.redacted) this.#answerInLane(input.key, (tellHeld) => this.#abandon(input, tellHeld)).catch(logged);
      else this.#schedule(input, { inspect: false }).catch(logged);
    }
    await settled.catch(logged);
  }

  async #resume(tellHeld: TellHeld): Promise<void> {
    await this.#appendHeld('what is accepted', [{ type: 'backend', event: 'resumed' }], tellHeld);
  }

  async #disown({ key }: PendingInput, tellHeld: TellHeld): Promise<Evaluated> {
    const output = unknownOutput(key, 'BackendDied', 'the backend ended while this evaluation was running');
    const evaluated = await this.#settle(output, tellHeld);
    this.#oldestMayHaveRun = false;
    return evaluated;
  }

  async #abandon({ key }: PendingInput, tellHeld: TellHeld): Promise<Evaluated> {
    return this.#settle(notKeptOutput(key), tellHeld);
  }

  /** Writes an outcome that no engine gave. */
  async #settle(output: OutputEntry, tellHeld: TellHeld): Promise<Evaluated> {
    await this.#appendHeld(`the output of ${output.key}`, [output], tellHeld);
    return { result: { ...this.#evaluation(output.key), fromJournal: true, restored: null } };
  }

  /** Gives every pending input the outcome `unknown`: for a session that came from elsewhere, where they may have run. */
  async disownPending(): Promise<void> {
    const outputs = this.state.pending.map(({ key }) =>
      unknownOutput(key, 'Imported', 'the archive was made before this evaluation had an outcome'),
    );
    if (outputs.length > 0) await this.#append(BACKEND, outputs);
    this.#oldestMayHaveRun = false;
  }

  /** @returns what a restore would do, or did. @throws {ProtocolError} RevisionConflict, InvalidParameters for a point that is not there */
  async restore(request: RestoreRequest): Promise<RestoreReport> {
    const startedAt = performance.now();
    const { plan: onlyPlan, client, strategy, ifRevision } = request;
    const { journal } = this.context;
    const at = revisionOf(journal, this.state, request);
    // Now, and not after the present state is saved, so that a plan comes true.
    const upTo = at === undefined ? undefined : withSnapshotsBehind(journal, this.state.id, at);
    this.#requireRevision(ifRevision);
    if (onlyPlan) {
      const target = await this.#target({ at: upTo, strategy, live: this.#engine !== undefined });
      return restoreReport(this.state, { ...target, strategy, at, planned: true, startedAt });
    }
    this.#requireRunning();
    return this.#lane.run(async () => {
      this.#requireRevision(ifRevision);
      if (at !== undefined || strategy === 'none') return this.#restoreElsewhere(request, { at, upTo }, startedAt);
      const reopened = this.state.closed !== null;
      const { plan, context } = await this.#target({ strategy, live: this.#engine !== undefined });
      const { restored } = await this.#ensureEngine(client);
      const found = restored ? undefined : await this.#stillLive(plan.bindings);
      const told = reopened || found?.some(({ name, fidelity }) => isNews(name, fidelity, plan.bindings));
      let bindings = restored?.bindings ?? found ?? plan.bindings;
      if (plan.replay.length > 0) bindings = await this.#replay(plan, client, bindings);
      else if (found && told) await this.#append(client, [{ type: 'restored', bindings: [...bindings] }]);
      const definitions = restored?.definitions ?? plan.definitions;
      return restoreReport(this.state, {
        plan,
        context,
        strategy,
        at,
        bindings,
        definitions,
        planned: false,
        startedAt,
      });
    });
  }

  /** A running engine may have other bindings than the journal says: code that was forked removes and adds some unseen. */
  async #stillLive(planned: readonly BindingReport[]): Promise<BindingReport[]> {
    return foundLive(
      planned,
      ((await this.#engine?.bindings()) ?? []).map(({ name }) => name),
    );
  }

  /**
   * Leaves the present state for another one: that of an earlier revision, or an engine that holds nothing. What is left
   * is saved first, so that one can come back to it.
   */
  async #restoreElsewhere(
    { client, strategy }: RestoreRequest,
    { at, upTo }: { at: number | undefined; upTo: number | undefined },
    startedAt: number,
  ): Promise<RestoreReport> {
    await this.#capture('changes');
    const { plan, blobs, context, state: target, base } = await this.#target({ at: upTo, strategy, live: false });
    const { engine, bindings, definitions, isPartial } = await this.#startEngine(plan, blobs);
    const restored: RestoredEntry = {
      type: 'restored',
      bindings: [...bindings],
      cause: 'requested',
      base,
      ...(at === undefined ? {} : { at }),
    };
    try {
      await this.contexts.exclusively(() => {
        const patch = mergePatchBetween(this.state.context, target.context);
        const changed = Object.keys(patch).length > 0;
        return this.#append(client, [restored, ...(changed ? [{ type: 'context', patch } as const] : [])]);
      });
    } catch (error) {
      // The engine that was there goes on.
      await engine.stop();
      this.#engineState = this.#engine ? 'idle' : 'none';
      throw error;
    }
    await this.#stopEngine('requested');
    this.#watch(engine);
    if (isPartial) await this.#capture('full');
    const replayed = plan.replay.length > 0 ? await this.#replay(plan, client, bindings) : bindings;
    const about = { plan, context, strategy, at, bindings: replayed, definitions, planned: false, startedAt };
    return restoreReport(this.state, about);
  }

  #target(aim: RestoreAim): Promise<RestoreTarget> {
    return restoreTarget(this.context.journal, this.state, aim);
  }

  #requireRevision(expected: number | undefined): void {
    if (expected !== undefined && expected !== this.state.revision) throw conflict(this.state, expected);
  }

  /** Captures what no snapshot carries yet. @returns the bytes written. */
  async save(ifRevision?: number): Promise<number> {
    this.#requireOpen();
    this.#requireRevision(ifRevision);
    return this.#lane.run(() => this.#capture(this.#wantsFull() ? 'full' : 'changes'));
  }

  unsaved(): { name: string; reason: string }[] {
    return Object.entries(this.state.bindings).flatMap(([name, binding]) =>
      binding.status === 'saved' ? [] : [{ name, reason: binding.reason }],
    );
  }

  /**
   * The bindings, each with how it would come back if the engine ended now.
   * @param start starts an engine where none runs
   */
  async bindings({
    client,
    start,
  }: {
    client: string;
    start: boolean;
  }): Promise<{ live: boolean; bindings: Binding[] }> {
    return this.#lane.run(async () => {
      if (start && !this.state.closed) await this.#ensureEngine(client);
      const bindings = bindingList(this.state, (await this.#engine?.bindings()) ?? []);
      return { live: this.#engine !== undefined, bindings };
    });
  }

  /** Adds inputs that were typed elsewhere. @throws {ProtocolError} SessionClosed, RevisionConflict, LimitExceeded, StorageFull */
  async record(inputs: readonly RecordedEntry[], client: string, ifRevision?: number): Promise<void> {
    this.#requireOpen();
    this.context.admit(client, 'change');
    if (inputs.length > 0) await this.#append(client, inputs, ifRevision);
    else this.#requireRevision(ifRevision);
  }

  async share(clients: readonly string[] | null, client: string, ifRevision?: number): Promise<void> {
    await this.#append(client, [{ type: 'shared', clients }], ifRevision);
  }

  async unshare(clients: readonly string[] | null, client: string, ifRevision?: number): Promise<void> {
    await this.#append(client, [{ type: 'unshared', clients }], ifRevision);
  }

  /** Gives up snapshots and goes on with what is older, unless an engine runs that holds it all. */
  async dropSnapshots(bad: readonly number[], reason: string, base: EngineBase): Promise<void> {
    await this.#lane.run(async () => {
      await this.#append(BACKEND, [{ type: 'repaired', snapshots: bad, reason, base }]);
      // What runs holds everything, and can be saved as a whole.
      await this.#capture('full');
    });
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
      this.#requireRevision(ifRevision);
      await this.#capture('changes');
      await this.#append(client, [{ type: 'closed', reason }]);
      await this.#stopEngine('requested');
    });
  }

  /** Stops for good without saving: the session's journal is about to go or to be replaced. */
  async abandon(): Promise<void> {
    this.#stopping = true;
    this.#engine?.interrupt();
    // A change under way was made of what is here now, and must not come after what takes its place.
    await this.contexts.exclusively(async () => {});
    await this.#lane.run(() => this.#stopEngine('requested'));
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
      await this.attendance.end().catch(logged);
      if (this.state.pending.length > 0 && !this.#oldestMayHaveRun)
        await this.#append(BACKEND, [{ type: 'backend', event: 'stopped' }]).catch(logged);
      await this.#stopEngine('restart');
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
  async #run(
    input: PendingInput,
    { inspect, leaveUnsaved, accepted, progress }: RunOptions,
    tellHeld: TellHeld,
  ): Promise<Evaluated> {
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
        ...(leaveUnsaved ? { leaveUnsaved } : {}),
      });
      this.#requireOwn(ensured.engine);
      inspection = reply.inspection;
      bodies = [outputOf(input.key, reply), ...(reply.capture ? [snapshotOf(reply.capture)] : [])];
    } catch (error) {
      bodies = [failedOutput(input.key, error, begun)];
      if (error instanceof EngineOwnership) await this.#stopEngine('crash');
    } finally {
      if (this.#engineState === 'busy') this.#engineState = 'idle';
    }
    const stored = await this.#appendHeld(`the output of ${input.key}`, [...this.#unwritten, ...bodies], tellHeld);
    this.#unwritten = [];
    this.#afterWork();
    const output = stored.find(({ entry }) => entry.type === 'output')?.entry as StoredEntry['entry'] & OutputEntry;
    const evaluation = accepted ? evaluationOf(this.state.id, accepted, output) : this.#evaluation(input.key, output);
    return {
      result: { ...evaluation, fromJournal: false, restored },
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
    const input = this.#inputOf(request.key);
    if (!input) return undefined;
    const known = this.#evaluation(request.key);
    if (known.code !== (request.recordAs ?? request.code)) {
      throw new ProtocolError('KeyConflict', `The key ${request.key} belongs to an evaluation of other code`);
    }
    if (request.rerunOf !== undefined && input.replayOf !== this.#inputOf(request.rerunOf)?.seq) {
      throw new ProtocolError('KeyConflict', `The key ${request.key} belongs to another evaluation than this rerun`);
    }
    if (known.outcome !== 'queued') return { result: { ...known, fromJournal: true, restored: null } };
    request.progress?.('accepted', { key: known.key, session: known.session, revision: known.revision });
    const running = this.#waiting.get(request.key);
    if (!running)
      throw new ProtocolError('ShuttingDown', `The evaluation ${request.key} is accepted and not yet answered`);
    const { result } = await running.told;
    return { result: { ...result, fromJournal: true } };
  }

  /** Starts an engine, unless one runs, and gives it the session's state. Only inside the lane. */
  async #ensureEngine(client: string): Promise<{ engine: Engine; restored: RestoreReport | null }> {
    if (this.#engine) return { engine: this.#engine, restored: null };
    const startedAt = performance.now();
    const { plan, blobs, context, base } = await this.#target({ strategy: 'snapshot', live: false });
    const { engine, bindings, definitions, isPartial } = await this.#startEngine(plan, blobs);
    this.#watch(engine);
    // Where a snapshot is missing, the state says that it was loaded, and has to be told.
    const shortened = plan.snapshots.length < this.state.snapshots.length;
    const isNew = bindings.length === 0 && definitions.length === 0 && this.state.uncovered.length === 0;
    if (isNew && !shortened && !this.state.closed) return { engine, restored: null };
    const entry: RestoredEntry = { type: 'restored', bindings, cause: this.#absence, ...(shortened ? { base } : {}) };
    try {
      await this.#append(client, [entry]);
      // Otherwise every start would find out anew what cannot be loaded.
      if (isPartial) await this.#capture('full');
    } catch (error) {
      await this.#stopEngine(this.#absence);
      throw error;
    }
    const about = { plan, context, strategy: 'snapshot', at: undefined, bindings, definitions } as const;
    return { engine, restored: restoreReport(this.state, { ...about, planned: false, startedAt }) };
  }

  /** Only inside the lane. */
  async #startEngine(plan: RestorePlan, blobs: ReadonlyMap<number, Uint8Array>): Promise<Loaded> {
    this.#engineState = 'starting';
    const { engines } = this.context;
    try {
      return await loadInto(() => engines.start(this.state.id), plan, blobs, engines.takeApart);
    } catch (error) {
      this.#engineState = this.#engine ? 'idle' : 'none';
      throw error;
    }
  }

  /**
   * What is journaled as this session's comes from the engine that was started for it and serves nobody else. Nothing should
   * be able to break that; where something does, an evaluation without outcome is better than the answer of another session.
   * @throws {EngineOwnership}
   */
  #requireOwn(engine: Engine): void {
    if (engine.owner === this.state.id && (this.#engine === undefined || this.#engine === engine)) return;
    throw new EngineOwnership(`The engine ${engine.pid} serves ${engine.owner}, and answered ${this.state.id}`);
  }

  #watch(engine: Engine): void {
    this.#engine = engine;
    this.#engineState = 'idle';
    this.#unwritten = [];
    this.#image = engine.ready.version;
    void engine.exited.then((exit) => {
      if (this.#engine !== engine) return;
      this.#engine = undefined;
      this.#engineState = 'none';
      this.#absence = 'crash';
      this.context.log(`${this.state.id}: ${exit.reason}`);
    });
  }

  /** @param loaded what came back before anything ran again */
  async #replay(plan: RestorePlan, client: string, loaded: readonly BindingReport[]): Promise<BindingReport[]> {
    const before = this.state.revision;
    const outcomes = new Map<number, EvaluationResult>();
    for (const { seq, code } of plan.replay) {
      const key = `replay-${seq}-${randomUUID()}`;
      const timeoutMs = settings.DEFAULT_TIMEOUT_MS;
      const [stored] = await this.#append(client, [{ type: 'input', key, code, timeoutMs, replayOf: seq }]);
      const input = { seq: stored?.entry.seq as number, key, code, timeoutMs, client };
      outcomes.set(seq, (await this.#run(input, { inspect: false }, () => {})).result);
    }
    const present = new Set((await this.#engine?.bindings())?.map((binding) => binding.name));
    const bound = boundSince(this.state, before);
    const found = new Map(loaded.map((binding) => [binding.name, binding]));
    const bindings = plan.bindings.map((planned): BindingReport => {
      if (planned.fidelity === 'replayed') return replayedBinding(planned, plan.replay, outcomes, present);
      const binding = found.get(planned.name) ?? planned;
      if (binding.fidelity !== 'lost' || !bound.has(binding.name) || !present.has(binding.name)) return binding;
      return { name: binding.name, fidelity: 'replayed', reason: 'an input that ran again bound it' };
    });
    const replayed = plan.replay.map((input) => input.seq);
    await this.#append(client, [{ type: 'restored', bindings, replayed }]);
    return bindings;
  }

  /** Only inside the lane. Answers 0 when there is nothing new, or no engine to ask. */
  async #capture(kind: 'full' | 'changes'): Promise<number> {
    // What ran and could not be journaled may be in the engine: a snapshot would bring back what no output tells of.
    if (!this.#engine || this.#oldestMayHaveRun) return 0;
    const engine = this.#engine;
    const capture = await engine.capture(kind);
    this.#requireOwn(engine);
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
    if (this.#isComplete()) await this.#stopEngine('hibernation');
  }

  /** Whether a restore would bring back everything that the engine holds. */
  #isComplete(): boolean {
    const unsaved = Object.values(this.state.bindings).some((binding) => binding.status === 'unsaved');
    return !unsaved && this.state.uncovered.length === 0;
  }

  async #stopEngine(absence: EngineAbsence): Promise<void> {
    this.#cancelIdle();
    this.#cancelHibernation();
    const engine = this.#engine;
    this.#engine = undefined;
    if (engine) this.#absence = absence;
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

/** Whether a live engine showed something else than the journal says. */
function isNews(name: string, fidelity: BindingReport['fidelity'], planned: readonly BindingReport[]): boolean {
  return fidelity === 'lost' && planned.find((report) => report.name === name)?.fidelity !== 'lost';
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
