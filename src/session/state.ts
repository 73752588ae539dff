/** A session's state: the fold of its journal. Plain JSON, so that it can be kept as a checkpoint. */
import type { Entry, OutputEntry, RestoredEntry, SnapshotEntry } from './entry.js';
import { assignedNames } from './assigned-names.js';
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
  readonly code: string;
  /** Changed bindings, as far as they are known. */
  readonly names: readonly string[];
  readonly unknown: boolean;
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
  /** What a past restore could not cover, kept so that a later `--replay` still can. */
  replayable: UncoveredInput[];
  context: Record<string, unknown>;
}

export class BrokenFold extends Error {
  override readonly name = 'BrokenFold';
}

/**
 * Folds entries, in order, onto a state.
 * @param from state to continue from; it is changed in place. Undefined to start with the `created` entry.
 * @throws {BrokenFold} when the entries do not follow on the state
 */
export function fold(entries: Iterable<Entry>, from?: SessionState): SessionState {
  let state = from;
  for (const entry of entries) state = applyEntry(state, entry);
  if (!state) throw new BrokenFold('A session needs at least its first entry');
  return state;
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
  state.revision = entry.seq;
  state.updatedAt = entry.time;
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
  }
  return state;
}

function initialState(entry: Entry & { type: 'created' }): SessionState {
  return {
    id: entry.id,
    name: entry.name,
    engine: entry.engine,
    owner: entry.client,
    // A label may be called __proto__: maps that users name keys of have no prototype to hit.
    labels: Object.assign(Object.create(null), entry.labels),
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
    context: {},
  };
}

function applyOutput(state: SessionState, output: OutputEntry): void {
  const index = state.pending.findIndex((input) => input.key === output.key);
  const input = index < 0 ? undefined : state.pending.splice(index, 1)[0];
  state.evaluations += 1;
  if (output.outcome !== 'value') state.errors += 1;
  if (!input) return;
  const unknown = output.outcome === 'unknown';
  // Once one input is uncovered, those after it may build on it: a replay has to run them all, in order.
  if (unknown || output.deferred || state.uncovered.length > 0) {
    const names = unknown || output.deferred?.includes('*') ? assignedNames(input.code) : (output.deferred ?? []);
    state.uncovered.push({ seq: input.seq, code: input.code, names, unknown });
  }
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
    state.classes = [...new Set([...state.classes, ...snapshot.classes])];
  }
  for (const name of snapshot.removed) delete state.bindings[name];
  for (const name of snapshot.saved) state.bindings[name] = { status: 'saved', at: seq };
  for (const { name, reason } of snapshot.unsaved) state.bindings[name] = { status: 'unsaved', at: seq, reason };
  state.uncovered = [];
}

function applyRestored(state: SessionState, restored: RestoredEntry, seq: number): void {
  state.closed = null;
  for (const { name, fidelity, reason } of restored.bindings) {
    if (fidelity === 'lost') state.bindings[name] = { status: 'lost', at: seq, reason: reason ?? 'not saved' };
  }
  if (restored.replayed) {
    state.uncovered = [];
    state.replayable = [];
  } else if (state.uncovered.length > 0) {
    state.replayable = state.uncovered;
    state.uncovered = [];
  }
}
