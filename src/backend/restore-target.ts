/** What a restore aims at: the state to bring back, the plan that does it, and the snapshots that it takes. */
import type { Engine, EngineFactory } from '../engine/contract.js';
import type { Journal } from '../journal/journal.js';
import { asUncovered } from '../session/effective-inputs.js';
import type { BindingReport, EngineBase, UncoveredInput } from '../session/entry.js';
import {
  type ContextReport,
  planContext,
  planRestore,
  type RestorePlan,
  type RestoreStrategy,
  uncoveredIn,
} from '../session/restore-plan.js';
import type { SessionState } from '../session/state.js';
import { inputsUpTo, stateAt } from './point-in-time.js';
import { load } from './restore-loading.js';

export interface RestoreAim {
  /** Revision to go back to; the present one when not given. */
  readonly at?: number | undefined;
  readonly strategy: RestoreStrategy;
  /** An engine runs and holds the present state. */
  readonly live: boolean;
}

export interface RestoreTarget {
  readonly state: SessionState;
  readonly plan: RestorePlan;
  /** Bytes of the snapshots to load, by revision. */
  readonly blobs: ReadonlyMap<number, Uint8Array>;
  readonly context: readonly ContextReport[];
  /** What the journal has to know where the engine will not hold what the entries say. */
  readonly base: EngineBase;
}

export async function restoreTarget(
  journal: Journal,
  present: SessionState,
  { at, strategy, live }: RestoreAim,
): Promise<RestoreTarget> {
  const state = at === undefined ? present : await stateAt(journal, present.id, at);
  const stays = live && at === undefined && strategy !== 'none';
  const blobs = stays ? new Map<number, Uint8Array>() : blobsOf(journal, state);
  const missingFrom = stays ? undefined : state.snapshots.find(({ seq }) => !blobs.has(seq))?.seq;
  const uncovered = missingFrom === undefined ? undefined : await uncoveredSince(journal, state, missingFrom);
  const plan = planRestore(state, { live: stays, strategy, missingFrom, uncovered });
  const kept = state.snapshots.filter(({ seq }) => plan.snapshots.includes(seq));
  const lost = plan.definitions.flatMap(({ name, fidelity, reason = '' }) =>
    fidelity === 'lost' ? [[name, { status: 'lost' as const, at: state.revision, reason }] as const] : [],
  );
  const notCovered = uncoveredIn(state, uncovered);
  const base: EngineBase =
    strategy === 'none'
      ? { snapshots: [], bindings: {}, classes: [], uncovered: notCovered }
      : {
          snapshots: kept,
          // The next restore finds no snapshot missing any more, and has to know all the same.
          bindings: { ...state.bindings, ...Object.fromEntries(lost) },
          classes: state.classes,
          uncovered: notCovered,
        };
  return { state, plan, blobs, context: planContext(present, state, stays), base };
}

/** Up to the first snapshot whose bytes are not here: an archive holds only those that its last revision needs. */
function blobsOf(journal: Journal, { id, snapshots }: SessionState): ReadonlyMap<number, Uint8Array> {
  const blobs = new Map<number, Uint8Array>();
  for (const { seq } of snapshots) {
    const bytes = journal.blob(id, seq);
    if (!bytes) break;
    blobs.set(seq, bytes);
  }
  return blobs;
}

async function uncoveredSince(
  journal: Journal,
  { id, snapshots, revision }: SessionState,
  missingFrom: number,
): Promise<UncoveredInput[]> {
  const loaded = snapshots.filter(({ seq }) => seq < missingFrom).at(-1)?.seq ?? 0;
  const { answered } = await inputsUpTo(journal, id, revision);
  return asUncovered(answered.filter(({ output }) => output.seq > loaded));
}

const NONE: ReadonlyMap<string, string> = new Map();

export interface Loaded {
  readonly engine: Engine;
  readonly bindings: readonly BindingReport[];
  readonly definitions: readonly BindingReport[];
  /** The snapshots hold what no engine takes: the session needs one of what is left. */
  readonly isPartial: boolean;
}

/** Gives an engine what a plan says. @returns what came back, as the engine lists it */
export async function loadInto(
  start: () => Promise<Engine>,
  { bindings, definitions, snapshots }: RestorePlan,
  blobs: ReadonlyMap<number, Uint8Array>,
  takeApart: EngineFactory['takeApart'],
): Promise<Loaded> {
  if (snapshots.length === 0) {
    const empty = { bindings: foundAfter(bindings, [], NONE), definitions: foundAfter(definitions, [], NONE) };
    return { engine: await start(), ...empty, isPartial: false };
  }
  const captures = snapshots.map((seq) => Buffer.from(blobs.get(seq) ?? []).toString('utf8'));
  const { engine, reply, refused } = await load(start, captures, takeApart);
  const failed = new Map([...reply.failed.map(({ name, reason }) => [name, reason] as const), ...refused]);
  return {
    engine,
    bindings: foundAfter(bindings, reply.restored, failed, [...definitions, ...bindings]),
    definitions: foundAfter(definitions, reply.classes, failed, [...definitions, ...bindings]),
    isPartial: refused.size > 0,
  };
}

/** What is planned to come back is lost where the engine does not list it, and what it lists that nobody named is told. */
export function foundAfter(
  planned: readonly BindingReport[],
  listed: readonly string[],
  failed: ReadonlyMap<string, string>,
  named: readonly BindingReport[] = planned,
): BindingReport[] {
  const present = new Set(listed);
  const outcomes = planned.map((report): BindingReport => {
    const { name, fidelity } = report;
    if (fidelity !== 'snapshot') return report;
    const reason =
      failed.get(name) ?? (present.has(name) ? undefined : 'the engine does not have it after the restore');
    return reason === undefined ? report : { name, fidelity: 'lost', reason };
  });
  const known = new Set(named.map(({ name }) => name));
  const unnamed = listed
    .filter((name) => !known.has(name))
    .map((name): BindingReport => ({ name, fidelity: 'snapshot', reason: 'the journal does not name it' }));
  return unnamed.length === 0 ? outcomes : sorted([...outcomes, ...unnamed]);
}

/** The same for an engine that ran on; it lists its variables only, and not those of classes. */
export function foundLive(planned: readonly BindingReport[], listed: readonly string[]): BindingReport[] {
  const present = new Set(listed);
  const known = new Set(planned.map(({ name }) => name));
  const outcomes = planned.map((report): BindingReport => {
    if (report.fidelity !== 'live' || report.name.includes('>>') || present.has(report.name)) return report;
    return { name: report.name, fidelity: 'lost', reason: 'the engine does not have it any more' };
  });
  const unnamed = listed
    .filter((name) => !known.has(name))
    .map((name): BindingReport => ({ name, fidelity: 'live', reason: 'the journal does not name it' }));
  return unnamed.length === 0 ? outcomes : sorted([...outcomes, ...unnamed]);
}

function sorted(reports: readonly BindingReport[]): BindingReport[] {
  return [...reports].sort((a, b) => (a.name < b.name ? -1 : 1));
}
