/** A session's state: the fold of its journal. Plain JSON, so that it can be kept as a checkpoint. */
import { assignedNames } from './assigned-names.js';
import type { Entry, EntryHeader, OutputEntry, RestoredEntry, SnapshotEntry } from './entry.js';
import { applyMergePatch } from './merge-patch.js';

export interface SnapshotRef {
  readonly seq: number;
  readonly kind: 'full' | 'changes';
  readonly digest: string;
  readonly bytes: number;
}

/** How a binding stood when the journal last said something about it. */
export type BindingState =
  | { readonly status: 'saved'; readonly at: number }
  | { readonly status: 'unsaved'; readonly at: number; readonly reason: string }
  | { readonly status: 'lost'; readonly at: number; readonly reason: string };

/** An input whose effects no snapshot carries: its changes were too big to save with it, or its outcome is unknown. */
export interface UncoveredInput {
  readonly seq: number;
  /** Revision of its output: inputs wait, so there may be snapshots between the two that it is not part of. */
  readonly answeredAt: number;
  readonly code: string;
  /** Changed bindings, as far as they are known. */
  readonly names: readonly string[];
  readonly unknown: boolean;
  /** The engine could not name all that it changed; any binding may be among it. */
  readonly unbounded?: true;
}

export interface PendingInput {
  readonly seq: number;
  readonly key: string;
  readonly code: string;
  readonly timeoutMs: number;
  readonly client: string;
}

export interface SessionState {
  id: string;
  name: string;
  engine: string;
  /** Client that created the session. */
  owner: string;
  labels: Record<string, string>;
  ttlMs: number | null;
  createdAt: string;
  updatedAt: string;
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
      });
      break;
    case 'output':
      applyOutput(state, entry);
      break;
    case 'snapshot':
      applySnapshot(state, entry, entry.seq);
      break;
    case 'context':
      state.context = applyMergePatch(state.context, entry.patch) as Record<string, unknown>;
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
  state.updatedAt = entry.time;
  return state;
}

function initialState(entry: Entry & { type: 'created' }): SessionState {
  return {
    id: entry.id,
    name: entry.name,
    engine: entry.engine,
    owner: entry.client,
    // A label may be called __proto__: maps that users name keys of have no prototype to hit.
    labels: withoutPrototype({ ...entry.labels }),
    ttlMs: entry.ttlMs ?? null,
    createdAt: entry.time,
    updatedAt: entry.time,
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
  const { seq, code } = input;
  state.uncovered.push({ seq, answeredAt: output.seq, code, names, unknown, ...(unbounded ? { unbounded } : {}) });
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
  for (const { name, fidelity, reason } of restored.bindings) {
    if (fidelity === 'lost') state.bindings[name] = { status: 'lost', at: seq, reason: reason ?? 'not saved' };
  }
  if (restored.replayed) {
    // A replay is an input of its own: what it left uncovered stays so.
    const again = new Set(restored.replayed);
    state.uncovered = state.uncovered.filter((input) => !again.has(input.seq));
    state.replayable = state.replayable.filter((input) => !again.has(input.seq));
  } else {
    state.replayable = [...state.replayable, ...state.uncovered];
    state.uncovered = [];
  }
}
