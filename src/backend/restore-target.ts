/** What a restore aims at: the state to bring back, the plan that does it, and the snapshots that it takes. */
import type { Engine } from '../engine/contract.js';
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

/** Gives an engine what a plan says. @returns what came back */
export async function loadInto(
  engine: Engine,
  { bindings, definitions, snapshots }: RestorePlan,
  blobs: ReadonlyMap<number, Uint8Array>,
): Promise<{ bindings: BindingReport[]; definitions: BindingReport[] }> {
  if (snapshots.length === 0) return { bindings: [...bindings], definitions: [...definitions] };
  const reply = await engine.restore(snapshots.map((seq) => Buffer.from(blobs.get(seq) ?? []).toString('utf8')));
  const failed = new Map(reply.failed.map(({ name, reason }) => [name, reason]));
  const outcome = (planned: BindingReport): BindingReport => {
    const reason = failed.get(planned.name);
    return reason && planned.fidelity === 'snapshot' ? { name: planned.name, fidelity: 'lost', reason } : planned;
  };
  return { bindings: bindings.map(outcome), definitions: definitions.map(outcome) };
}
