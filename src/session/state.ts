/** A session's state: the fold of its journal. Plain JSON, so that it can be kept as a checkpoint. */
import { type Activity, countEntry, noActivity } from './activity.js';
import { assignedNames } from './assigned-names.js';
import type {
  BindingState,
  ConflictEntry,
  ContextEntry,
  EngineBase,
  Entry,
  EntryHeader,
  ForkOrigin,
  OutputEntry,
  RepairedEntry,
  ResolvedEntry,
  RestoredEntry,
  SharedEntry,
  SnapshotEntry,
  SnapshotRef,
  UncoveredInput,
  UnsharedEntry,
} from './entry.js';
import { applyMergePatch } from './merge-patch.js';

/** Raised with every change of what a state holds: one that was kept by another version is derived anew. */
export const STATE_VERSION = 3;

export interface PendingInput {
  readonly seq: number;
  readonly key: string;
  readonly code: string;
  readonly timeoutMs: number;
  readonly client: string;
  readonly redacted?: true;
}

/** A change to the context that waits for somebody to decide it. */
export interface OpenConflict {
  readonly id: string;
  /** Revision of its entry. */
  readonly revision: number;
  readonly time: string;
  /** Client whose change it was. */
  readonly client: string;
  readonly path: readonly string[];
  readonly baseRevision: number;
  readonly base?: unknown;
  readonly ours?: unknown;
  readonly theirs?: unknown;
  readonly key?: string;
}

/** Which clients beside the owner may see the session. */
export interface Sharing {
  everyone: boolean;
  clients: string[];
}

/** A change to the context that was answered, and at which revision. */
export interface AnsweredKey {
  readonly key: string;
  readonly revision: number;
  /** Of what was asked for; absent where an earlier version made the change. */
  readonly digest?: string;
}

/** Keys of context changes that are remembered: a retry comes within seconds. */
const MAX_CONTEXT_KEYS = 256;

export interface SessionState {
  version: number;
  id: string;
  name: string;
  engine: string;
  /** Client that created the session. */
  owner: string;
  labels: Record<string, string>;
  ttlMs: number | null;
  createdAt: string;
  updatedAt: string;
  /** When somebody last worked in it; notices and the like do not count. */
  activeAt: string;
  /** Latest time at which somebody worked in it: where a clock went back, later than {@link activeAt}. */
  latestActiveAt: string;
  /** Every entry is at or after the one before it in time: no clock went back. */
  timesAscend: boolean;
  revision: number;
  closed: 'requested' | 'expired' | null;
  evaluations: number;
  errors: number;
  /** Accepted inputs without an output, oldest first. */
  pending: PendingInput[];
  /** The backend stopped in order since: not even the oldest pending input has begun. */
  pendingUntouched: boolean;
  /** The last full snapshot and the changes after it: what a restore loads, in order. */
  snapshots: SnapshotRef[];
  bindings: Record<string, BindingState>;
  classes: string[];
  /** Inputs since the first one that the snapshots do not cover; a replay runs these. */
  uncovered: UncoveredInput[];
  /** What past restores could not cover, oldest first, kept so that a later `--replay` still can. */
  replayable: UncoveredInput[];
  context: Record<string, unknown>;
  /** Revision that last changed each part of the context. */
  contextParts: Record<string, number>;
  contextKeys: AnsweredKey[];
  conflicts: OpenConflict[];
  shared: Sharing;
  forkedFrom: ForkOrigin | null;
  /** The time of expiry that a notice was given of; null when none was since the last activity. */
  noticed: string | null;
  activity: Activity;
}

/** The revision that last changed the context; 0 when nothing ever did. */
export function contextRevision({ contextParts }: Pick<SessionState, 'contextParts'>): number {
  return Math.max(0, ...Object.values(contextParts));
}

/** An engine says this among the deferred names when it could not find out all of them. */
const UNKNOWN_NAMES = '*';

export class BrokenFold extends Error {
  override readonly name = 'BrokenFold';
}

/**
 * Folds entries, in order, onto a state.
 * @param from state to continue from; it is changed in place. Undefined to start with the `created` entry.
 * @throws {BrokenFold} when the entries do not follow on the state
 */
export function fold(entries: Iterable<Entry>, from?: SessionState): SessionState {
  let state = from && withoutPrototypes(from);
  for (const entry of entries) state = applyEntry(state, entry);
  if (!state) throw new BrokenFold('A session needs at least its first entry');
  return state;
}

/** A state that was kept as JSON comes back with ordinary objects, on which a binding called __proto__ would get lost. */
function withoutPrototypes(state: SessionState): SessionState {
  state.labels = withoutPrototype(state.labels);
  state.bindings = withoutPrototype(state.bindings);
  state.context = withoutPrototype(state.context);
  state.contextParts = withoutPrototype(state.contextParts);
  state.activity.clients = withoutPrototype(state.activity.clients);
  return state;
}

function withoutPrototype<T>(map: Record<string, T>): Record<string, T> {
  return Object.getPrototypeOf(map) === null ? map : Object.assign(Object.create(null), map);
}

function applyEntry(state: SessionState | undefined, entry: Entry): SessionState {
  if (!state) {
    if (entry.type !== 'created' || entry.seq !== 1) {
      throw new BrokenFold(`A journal starts with "created" at 1, not "${entry.type}" at ${entry.seq}`);
    }
    return initialState(entry);
  }
  if (entry.seq !== state.revision + 1) {
    throw new BrokenFold(`Entry ${entry.seq} does not follow on revision ${state.revision}`);
  }
  state.pendingUntouched = entry.type === 'backend' && entry.event === 'stopped';
  switch (entry.type) {
    case 'created':
      throw new BrokenFold(`A second "created" at ${entry.seq}`);
    case 'input':
      state.pending.push({
        seq: entry.seq,
        key: entry.key,
        code: entry.code,
        timeoutMs: entry.timeoutMs,
        client: entry.client,
        ...(entry.redacted ? { redacted: entry.redacted } : {}),
      });
      break;
    case 'output':
      applyOutput(state, entry);
      break;
    case 'snapshot':
      applySnapshot(state, entry, entry.seq);
      break;
    case 'context':
      applyContext(state, entry, entry.seq);
      break;
    case 'conflict':
      applyConflict(state, entry);
      break;
    case 'resolved':
      applyResolved(state, entry, entry.seq);
      break;
    case 'forked':
      state.forkedFrom = entry.from;
      state.createdAt = entry.time;
      state.closed = null;
      break;
    case 'shared':
      applyShared(state, entry);
      break;
    case 'unshared':
      applyUnshared(state, entry);
      break;
    case 'notice':
      state.noticed = entry.expiresAt;
      break;
    case 'presence':
    case 'recorded':
      break;
    case 'repaired':
      applyRepaired(state, entry);
      break;
    case 'renamed':
      state.name = entry.name;
      break;
    case 'labelled':
      for (const [name, value] of Object.entries(entry.labels)) {
        if (value === null) delete state.labels[name];
        else state.labels[name] = value;
      }
      break;
    case 'restored':
      applyRestored(state, entry, entry.seq);
      break;
    case 'backend':
      break;
    case 'closed':
      state.closed = entry.reason;
      break;
    default:
      throw new BrokenFold(
        `Entry ${(entry as Entry).seq} is a "${(entry as Entry).type}", which this stui does not know`,
      );
  }
  state.revision = entry.seq;
  state.timesAscend &&= entry.time >= state.updatedAt;
  state.updatedAt = entry.time;
  if (!PASSIVE.includes(entry.type)) {
    state.activeAt = entry.time;
    if (entry.time > state.latestActiveAt) state.latestActiveAt = entry.time;
    state.noticed = null;
  }
  countEntry(state.activity, entry);
  return state;
}

/** Entries that nobody's work caused: they do not put off the session's expiry. */
const PASSIVE: readonly Entry['type'][] = ['notice', 'presence', 'backend'];

function initialState(entry: Entry & { type: 'created' }): SessionState {
  const activity = noActivity();
  countEntry(activity, entry);
  return {
    version: STATE_VERSION,
    id: entry.id,
    name: entry.name,
    engine: entry.engine,
    owner: entry.client,
    // A label may be called __proto__: maps that users name keys of have no prototype to hit.
    labels: withoutPrototype({ ...entry.labels }),
    ttlMs: entry.ttlMs ?? null,
    createdAt: entry.time,
    updatedAt: entry.time,
    activeAt: entry.time,
    latestActiveAt: entry.time,
    timesAscend: true,
    revision: entry.seq,
    closed: null,
    evaluations: 0,
    errors: 0,
    pending: [],
    pendingUntouched: false,
    snapshots: [],
    bindings: Object.create(null),
    classes: [],
    uncovered: [],
    replayable: [],
    context: Object.create(null),
    contextParts: Object.create(null),
    contextKeys: [],
    conflicts: [],
    shared: { everyone: false, clients: [] },
    forkedFrom: null,
    noticed: null,
    activity,
  };
}

function applyOutput(state: SessionState, output: OutputEntry & EntryHeader): void {
  const index = state.pending.findIndex((input) => input.key === output.key);
  const [input] = index < 0 ? [] : state.pending.splice(index, 1);
  if (!input) throw new BrokenFold(`Entry ${output.seq} is an output for ${output.key}, which no input waits for`);
  state.evaluations += 1;
  if (output.outcome !== 'value') state.errors += 1;
  const deferred = output.deferred ?? [];
  const unknown = output.outcome === 'unknown';
  // Once one input is uncovered, those after it may build on it: a replay has to run them all, in order.
  if (!unknown && deferred.length === 0 && state.uncovered.length === 0) return;
  const named = deferred.filter((name) => name !== UNKNOWN_NAMES);
  const unbounded = named.length < deferred.length;
  // The engine knows what was assigned better than a look at the code does.
  const names = named.length === 0 && (unknown || unbounded) ? assignedNames(input.code) : named;
  const { seq, code, redacted } = input;
  state.uncovered.push({
    seq,
    answeredAt: output.seq,
    code,
    names,
    unknown,
    ...(unbounded ? { unbounded } : {}),
    durationMs: output.durationMs,
    ...(redacted ? { redacted } : {}),
  });
}

function applyContext(state: SessionState, { patch, keys = [], digests = [] }: ContextEntry, seq: number): void {
  patchContext(state, patch, seq);
  rememberKeys(
    state,
    keys.map((key, index) => answeredKey(key, seq, digests[index])),
  );
}

function patchContext(state: SessionState, patch: Readonly<Record<string, unknown>>, seq: number): void {
  state.context = applyMergePatch(state.context, patch) as Record<string, unknown>;
  for (const part of Object.keys(patch)) state.contextParts[part] = seq;
}

function answeredKey(key: string, revision: number, digest: string | undefined): AnsweredKey {
  return { key, revision, ...(digest === undefined ? {} : { digest }) };
}

function rememberKeys(state: SessionState, added: readonly AnsweredKey[]): void {
  state.contextKeys = [...state.contextKeys, ...added].slice(-MAX_CONTEXT_KEYS);
}

function applyConflict(state: SessionState, entry: ConflictEntry & EntryHeader): void {
  const { id, path, baseRevision, key, digest, seq, time, client } = entry;
  if (key !== undefined) rememberKeys(state, [answeredKey(key, seq, digest)]);
  const sides = Object.fromEntries(
    (['base', 'ours', 'theirs'] as const).filter((side) => side in entry).map((side) => [side, entry[side]]),
  );
  state.conflicts.push({
    id,
    revision: seq,
    time,
    client,
    path,
    baseRevision,
    ...sides,
    ...(key === undefined ? {} : { key }),
  });
}

function applyResolved(state: SessionState, { conflict, patch }: ResolvedEntry, seq: number): void {
  const at = state.conflicts.findIndex(({ id }) => id === conflict);
  if (at < 0) throw new BrokenFold(`Entry ${seq} resolves the conflict ${conflict}, which is not open`);
  state.conflicts.splice(at, 1);
  patchContext(state, patch, seq);
}

function applyShared({ shared }: SessionState, { clients }: SharedEntry): void {
  if (clients === null) shared.everyone = true;
  else shared.clients = [...new Set([...shared.clients, ...clients])];
}

function applyUnshared(state: SessionState, { clients }: UnsharedEntry): void {
  if (clients === null) state.shared = { everyone: false, clients: [] };
  else state.shared.clients = state.shared.clients.filter((client) => !clients.includes(client));
}

function applyRepaired(state: SessionState, { base }: RepairedEntry): void {
  takeBase(state, base);
  const again = new Set(base.uncovered.map(({ seq }) => seq));
  state.replayable = state.replayable.filter(({ seq }) => !again.has(seq));
}

/** From here on the engine is taken to hold what it held at another revision. */
function takeBase(state: SessionState, { snapshots, bindings, classes, uncovered }: EngineBase): void {
  state.snapshots = [...snapshots];
  state.bindings = Object.assign(Object.create(null), bindings);
  state.classes = [...classes];
  state.uncovered = [...uncovered];
}

function applySnapshot(state: SessionState, snapshot: SnapshotEntry, seq: number): void {
  const ref = { seq, kind: snapshot.kind, digest: snapshot.digest, bytes: snapshot.bytes };
  if (snapshot.kind === 'full') {
    state.snapshots = [ref];
    state.classes = [...snapshot.classes];
    for (const [name, binding] of Object.entries(state.bindings)) {
      if (binding.status !== 'lost') delete state.bindings[name];
    }
  } else {
    state.snapshots.push(ref);
    for (const name of snapshot.classes) if (!state.classes.includes(name)) state.classes.push(name);
  }
  for (const name of snapshot.removed) delete state.bindings[name];
  if (snapshot.removed.length > 0) state.classes = state.classes.filter((name) => !snapshot.removed.includes(name));
  // A class too big to be saved at once is deferred, and then lost, by its name like a binding.
  for (const name of snapshot.classes) if (state.bindings[name]?.status === 'lost') delete state.bindings[name];
  for (const name of snapshot.saved) state.bindings[name] = { status: 'saved', at: seq };
  for (const { name, reason } of snapshot.unsaved) state.bindings[name] = { status: 'unsaved', at: seq, reason };
  state.uncovered = [];
  if (state.replayable.length > 0) state.replayable = stillMissing(state);
}

/**
 * Leaves out the inputs of which nothing is missing any more, because all they changed has newer values: running them
 * again would only bring the old ones back. What an input changed has to be known for that.
 */
function stillMissing({ replayable, bindings }: SessionState): UncoveredInput[] {
  const missing: UncoveredInput[] = [];
  for (const input of replayable) {
    const known = !input.unknown && !input.unbounded;
    const lost = input.names.some((name) => bindings[name]?.status === 'lost');
    // One that changed nothing by name is there because those before it are.
    if (!known || lost || (input.names.length === 0 && missing.length > 0)) missing.push(input);
  }
  return missing;
}

function applyRestored(state: SessionState, restored: RestoredEntry, seq: number): void {
  state.closed = null;
  if (restored.base) {
    takeBase(state, restored.base);
    // What earlier restores could not cover is among what the base does not, or belongs to a state that was left.
    state.replayable = [];
  }
  for (const { name, fidelity, reason } of restored.bindings) {
    if (fidelity === 'lost') state.bindings[name] = { status: 'lost', at: seq, reason: reason ?? 'not saved' };
  }
  if (restored.replayed) {
    // A replay is an input of its own: what it left uncovered stays so.
    const again = new Set(restored.replayed);
    const left = state.uncovered.filter((input) => !again.has(input.seq));
    // What cannot run again, because its code was not kept, was passed over; a replay itself is never redacted.
    const passed = left.filter((input) => input.redacted);
    state.uncovered = left.filter((input) => !input.redacted);
    state.replayable = [...state.replayable.filter((input) => !again.has(input.seq)), ...passed];
  } else {
    state.replayable = [...state.replayable, ...state.uncovered];
    state.uncovered = [];
  }
}
