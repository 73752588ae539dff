/**
 * The workspace context of one session: takes changes one after another, merges those that were made from an older
 * revision, and journals what comes in quick succession as one entry. Every change is durable before it is answered.
 */
import { ProtocolError } from '../protocol/errors.js';
import { MAX_CONTEXT_BYTES } from '../protocol/limits.js';
import { BadPath, patchRemoving, patchSetting, valueAt } from '../session/context-path.js';
import { contextProblem } from '../session/context-problem.js';
import type { ConflictEntry, ContextEntry, EntryBody, Resolution, ResolvedEntry } from '../session/entry.js';
import { isEqual, isObject, type JsonObject } from '../session/json.js';
import { mergeContexts, type PathConflict } from '../session/merge-context.js';
import { applyMergePatch } from '../session/merge-patch.js';
import { mergePatchBetween } from '../session/merge-patch-between.js';
import { patchDigest } from '../session/patch-digest.js';
import { type AnsweredKey, contextRevision, type OpenConflict, type SessionState } from '../session/state.js';
import { uniteValues } from '../session/unite-values.js';
import { Lane } from './lane.js';
import { CONTEXT_WINDOW_MS, RECENT_CONTEXTS } from './settings.js';
import type { Timer } from './timer.js';

type Context = JsonObject;

export interface ContextChange {
  readonly patch: Readonly<Record<string, unknown>>;
  readonly client: string;
  /** Refuse unless the session is at this revision. */
  readonly ifRevision?: number | undefined;
  /** Revision whose context the change was made from; the present one when not given. */
  readonly base?: number | undefined;
  /** Idempotency key. */
  readonly key?: string | undefined;
}

/** What the keeper needs of the session it belongs to. */
export interface KeptSession {
  readonly state: SessionState;
  requireOpen(): void;
  append(client: string, bodies: readonly EntryBody[], ifRevision?: number): Promise<unknown>;
  stateAt(revision: number): Promise<SessionState>;
  newId(): string;
  readonly after: Timer;
  /** On a clock that does not go back, in ms. */
  readonly monotonicMs: () => number;
}

/** What was asked for under a key. */
interface KeyOf {
  readonly key: string;
  readonly digest?: string;
}

interface Waiting {
  readonly change: ContextChange;
  readonly resolve: (conflicts: readonly OpenConflict[]) => void;
  readonly reject: (error: unknown) => void;
}

export class ContextKeeper {
  readonly #lane = new Lane();
  #waiting: Waiting[] = [];
  #writtenAt = Number.NEGATIVE_INFINITY;
  /** The newest contexts with the revisions they began at, so that a change from a recent base needs no look into the journal. */
  #recent: { readonly revision: number; readonly context: Context }[] = [];

  constructor(private readonly session: KeptSession) {
    this.remember();
  }

  /** To be called when the session's context has changed. */
  remember(): void {
    const { state } = this.session;
    this.#recent.push({ revision: contextRevision(state), context: state.context });
    if (this.#recent.length > RECENT_CONTEXTS) this.#recent.shift();
  }

  /**
   * Makes a change, durable when it resolves.
   * @returns the conflicts that it met; the session keeps what it had there
   * @throws {ProtocolError} SessionClosed, KeyConflict, RevisionConflict, InvalidParameters, LimitExceeded, StorageFull
   */
  change(change: ContextChange): Promise<readonly OpenConflict[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ change, resolve, reject });
      // Whoever comes while one is under way, or soon after it, goes into the next entry together.
      if (this.#waiting.length === 1) void this.#lane.run(() => this.#writeWaiting());
    });
  }

  /**
   * Decides a conflict.
   * @param value with the choice `value`; null removes
   * @throws {ProtocolError} ConflictNotFound, NotResolvable, and what {@link change} throws
   */
  resolve(
    reference: string,
    decision: { choice: Resolution; value?: unknown; client: string; ifRevision?: number | undefined },
  ): Promise<OpenConflict> {
    return this.#lane.run(async () => {
      this.session.requireOpen();
      const conflict = this.#conflict(reference);
      const { context } = this.session.state;
      const patch = decidedPatch(context, conflict, decision);
      checkContext(applyMergePatch(context, patch) as Context, Object.keys(patch));
      const body: ResolvedEntry = { type: 'resolved', conflict: conflict.id, choice: decision.choice, patch };
      await this.session.append(decision.client, [body], decision.ifRevision);
      return conflict;
    });
  }

  /** Runs something between two changes; what it appends to the context is not in the way of any. */
  exclusively<T>(task: () => Promise<T>): Promise<T> {
    return this.#lane.run(task);
  }

  /**
   * Merges what another history made of the context since both were the same into the present one; once for a key.
   * @returns the conflicts that it met
   * @throws {ProtocolError} LimitExceeded, StorageFull
   */
  mergeHistory(
    base: SessionState,
    theirs: Context,
    { client, key }: { client: string; key: string },
  ): Promise<readonly OpenConflict[]> {
    return this.#lane.run(async () => {
      if (this.#answered(key)) return this.#conflictsOf(key);
      const { context } = this.session.state;
      const merge = mergeContexts(base.context, context, theirs);
      checkSize(merge.context);
      const bodies = [
        ...contextBody(context, merge.context, [{ key }], base.revision),
        ...merge.conflicts.map((each) => this.#conflictBody(each, base.revision, { key })),
      ];
      if (bodies.length > 0) await this.session.append(client, bodies);
      return this.#openAmong(bodies);
    });
  }

  async #writeWaiting(): Promise<void> {
    const elapsed = this.session.monotonicMs() - this.#writtenAt;
    if (elapsed < CONTEXT_WINDOW_MS) {
      await new Promise<void>((resolve) => this.session.after(CONTEXT_WINDOW_MS - elapsed, resolve));
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const group of grouped(waiting)) await this.#write(group);
    this.#writtenAt = this.session.monotonicMs();
  }

  /** All of one client, and as one entry. One that cannot be made does not take the others along. */
  async #write(group: readonly Waiting[]): Promise<void> {
    const { client, ifRevision } = (group[0] as Waiting).change;
    const before = this.session.state.context;
    let context = before;
    const keys: KeyOf[] = [];
    const conflicts: EntryBody[] = [];
    const done: { waiting: Waiting; bodies: readonly EntryBody[] }[] = [];
    const taken = new Map<string, { digest: string; bodies: readonly EntryBody[] }>();
    let base: number | undefined;
    for (const waiting of group) {
      try {
        this.session.requireOpen();
        const { key } = waiting.change;
        const digest = patchDigest(waiting.change.patch);
        const twin = key === undefined ? undefined : taken.get(key);
        const earlier = key === undefined ? undefined : (twin ?? this.#answered(key));
        if (key !== undefined && earlier !== undefined) {
          await this.#requireSame(earlier.digest, digest, context, waiting.change);
          if (twin) done.push({ waiting, bodies: twin.bodies });
          else waiting.resolve(this.#conflictsOf(key));
          continue;
        }
        const merge = await this.#merge(context, waiting.change);
        const bodies = merge.conflicts.map((each) =>
          this.#conflictBody(each, merge.base, key === undefined ? {} : { key, digest }),
        );
        context = merge.context;
        if (merge.base < contextRevision(this.session.state)) base = Math.min(base ?? merge.base, merge.base);
        if (key !== undefined) {
          taken.set(key, { digest, bodies });
          // A conflict keeps its key itself.
          if (bodies.length === 0) keys.push({ key, digest });
        }
        conflicts.push(...bodies);
        done.push({ waiting, bodies });
      } catch (error) {
        waiting.reject(error);
      }
    }
    const bodies = [...contextBody(before, context, keys, base), ...conflicts];
    try {
      // A condition is checked also where there is nothing to write.
      if (bodies.length > 0 || ifRevision !== undefined) await this.#append(client, bodies, ifRevision);
      for (const { waiting, bodies: met } of done) waiting.resolve(this.#openAmong(met));
    } catch (error) {
      for (const { waiting } of done) waiting.reject(error);
    }
  }

  async #append(client: string, bodies: readonly EntryBody[], ifRevision?: number): Promise<void> {
    if (bodies.length > 0) {
      await this.session.append(client, bodies, ifRevision);
      return;
    }
    const { revision, name } = this.session.state;
    if (ifRevision === undefined || ifRevision === revision) return;
    throw new ProtocolError('RevisionConflict', `The session ${name} is at revision ${revision}, not ${ifRevision}`, {
      revision,
    });
  }

  #answered(key: string): AnsweredKey | undefined {
    return this.session.state.contextKeys.find((answered) => answered.key === key);
  }

  /** @returns what a change that was answered before was answered with */
  #conflictsOf(key: string): readonly OpenConflict[] {
    return this.session.state.conflicts.filter((conflict) => conflict.key === key);
  }

  /**
   * A change that was made already, made again from a context that has it, asks for less; it is the same all the same.
   * @param answered digest of what was asked for first; undefined where that was not kept, and is taken for the same
   * @throws {ProtocolError} KeyConflict when the change would be lost
   */
  async #requireSame(
    answered: string | undefined,
    digest: string,
    context: Context,
    change: ContextChange,
  ): Promise<void> {
    if (answered === undefined || answered === digest) return;
    const merge = await this.#merge(context, change);
    if (merge.conflicts.length === 0 && isEqual(merge.context, context)) return;
    throw new ProtocolError('KeyConflict', `The key ${change.key} belongs to another change of the context`);
  }

  async #merge(
    ours: Context,
    { patch, base }: ContextChange,
  ): Promise<{ context: Context; conflicts: readonly PathConflict[]; base: number }> {
    const { state } = this.session;
    const touched = Object.keys(patch);
    if (base !== undefined && base > state.revision) {
      throw new ProtocolError(
        'InvalidParameters',
        `update_session_state: "base_revision": the session ${state.name} is at revision ${state.revision}`,
      );
    }
    // Who names a base has not seen what goes into the same entry before it, not even from another process of the client.
    const isSeen = base !== undefined && base >= contextRevision(state) && ours === state.context;
    if (base === undefined || isSeen) {
      const context = applyMergePatch(ours, patch) as Context;
      checkContext(context, touched);
      return { context, conflicts: [], base: state.revision };
    }
    const from = await this.#contextAt(base);
    const theirs = applyMergePatch(from, patch) as Context;
    checkContext(theirs, touched);
    const merge = mergeContexts(from, ours, theirs);
    checkSize(merge.context);
    const conflicts = [...merge.conflicts, ...unseenAt(patch, { from, ours }, merge.conflicts)];
    return { context: merge.context, conflicts, base };
  }

  async #contextAt(revision: number): Promise<Context> {
    const recent = this.#recent.findLast((each) => each.revision <= revision);
    return recent?.context ?? (await this.session.stateAt(Math.max(1, revision))).context;
  }

  #conflictBody({ path, ...sides }: PathConflict, baseRevision: number, asked: Partial<KeyOf>): ConflictEntry {
    const { key, digest } = asked;
    const id = this.session.newId();
    const by = key === undefined ? {} : { key, ...(digest === undefined ? {} : { digest }) };
    return { type: 'conflict', id, path, baseRevision, ...sides, ...by };
  }

  #openAmong(bodies: readonly EntryBody[]): OpenConflict[] {
    const ids = bodies.flatMap((body) => (body.type === 'conflict' ? [body.id] : []));
    return this.session.state.conflicts.filter(({ id }) => ids.includes(id));
  }

  #conflict(reference: string): OpenConflict {
    const { conflicts, name } = this.session.state;
    const exact = conflicts.filter(({ id }) => id === reference);
    const found = exact.length > 0 ? exact : conflicts.filter(({ id }) => id.startsWith(reference));
    const [first] = found;
    if (found.length === 1 && first) return first;
    const what = first ? `${found.length} conflicts` : 'no open conflict';
    throw new ProtocolError('ConflictNotFound', `The session ${name} has ${what} with the id ${reference}`);
  }
}

/** Neighbours of one client go together; a change with a condition stands alone, since others would break it. */
function grouped(waiting: readonly Waiting[]): Waiting[][] {
  const groups: Waiting[][] = [];
  for (const each of waiting) {
    const group = groups.at(-1);
    const before = group?.at(-1)?.change;
    const joins =
      before?.client === each.change.client && before.ifRevision === undefined && each.change.ifRevision === undefined;
    if (group && joins) group.push(each);
    else groups.push([each]);
  }
  return groups;
}

/** A change that made no difference is written for its key: it must not make one when it comes again. */
function contextBody(before: Context, after: Context, asked: readonly KeyOf[], base?: number): ContextEntry[] {
  const patch = mergePatchBetween(before, after);
  if (Object.keys(patch).length === 0 && asked.length === 0) return [];
  const keys = asked.map(({ key }) => key);
  const digests = asked.flatMap(({ digest }) => digest ?? []);
  return [
    {
      type: 'context',
      patch,
      ...(base === undefined ? {} : { base }),
      ...(keys.length > 0 ? { keys } : {}),
      ...(digests.length > 0 && digests.length === keys.length ? { digests } : {}),
    },
  ];
}

/** Checks the parts that were touched: what stands there from before is not this change's fault. */
function checkContext(context: Context, touched: readonly string[]): void {
  checkSize(context);
  const parts = Object.fromEntries(touched.filter((part) => part in context).map((part) => [part, context[part]]));
  const problem = contextProblem(parts);
  if (problem) throw new ProtocolError('InvalidParameters', `The context is not valid: ${problem}`);
}

function checkSize(context: Context): void {
  const bytes = Buffer.byteLength(JSON.stringify(context));
  if (bytes <= MAX_CONTEXT_BYTES) return;
  throw new ProtocolError(
    'LimitExceeded',
    `The context would have ${bytes} bytes; at most ${MAX_CONTEXT_BYTES} are kept`,
    { limit: 'contextBytes', most: MAX_CONTEXT_BYTES },
  );
}

/** Keeping what is there is always possible, also where nothing can be put at the place of the conflict any more. */
function decidedPatch(
  context: Context,
  conflict: OpenConflict,
  decision: { choice: Resolution; value?: unknown },
): Context {
  if (decision.choice === 'ours') return {};
  return decidingPatch(context, conflict.path, decidedValue(context, conflict, decision));
}

/**
 * A patch that names a place says what is to stand there, also where that is what its client had seen: to a merge this is no
 * change, and what somebody else put there meanwhile would stay without a word.
 */
function unseenAt(
  patch: Context,
  { from, ours }: { from: Context; ours: Context },
  known: readonly PathConflict[],
): PathConflict[] {
  return namedPlaces(patch).flatMap(({ path, value: theirs }) => {
    const [base, present] = [valueAt(from, path), valueAt(ours, path)];
    const isKnown = known.some((conflict) => conflict.path.every((name, index) => name === path[index]));
    if (isKnown || !isEqual(theirs, base) || isEqual(present, base)) return [];
    const sides = Object.entries({ base, ours: present, theirs }).filter(([, side]) => side !== undefined);
    return [{ path, ...Object.fromEntries(sides) }];
  });
}

/** The places that a patch gives a value, or, with undefined, takes it from. */
function namedPlaces(patch: Context, above: readonly string[] = []): { path: readonly string[]; value: unknown }[] {
  return Object.entries(patch).flatMap(([name, value]) => {
    const path = [...above, name];
    return isObject(value) ? namedPlaces(value, path) : [{ path, value: value ?? undefined }];
  });
}

/** @returns the value that a decision gives the place of the conflict; undefined removes it */
function decidedValue(
  context: Context,
  conflict: OpenConflict,
  { choice, value }: { choice: Resolution; value?: unknown },
): unknown {
  const present = valueAt(context, conflict.path);
  switch (choice) {
    case 'ours':
      return present;
    case 'theirs':
      return conflict.theirs;
    case 'value':
      if (value !== undefined) return value ?? undefined;
      throw new ProtocolError('InvalidParameters', 'resolve_conflict: "value": the choice "value" needs one');
    case 'union': {
      const union = uniteValues(conflict.base, present, conflict.theirs);
      if (union !== undefined || (present === undefined && conflict.theirs === undefined)) return union;
      throw new ProtocolError(
        'NotResolvable',
        `What stands at ${conflict.path.join('.')} and what came have no union: only texts, lists and objects do`,
      );
    }
  }
}

/** @returns the patch that gives the place of a conflict its value; undefined removes what is there */
function decidingPatch(context: Context, path: readonly string[], value: unknown): Context {
  try {
    return value === undefined ? patchRemoving(path, context) : patchSetting(path, value, context);
  } catch (error) {
    // What the path leads through was changed since into something that has no such place.
    if (error instanceof BadPath) throw new ProtocolError('NotResolvable', error.message);
    throw error;
  }
}
