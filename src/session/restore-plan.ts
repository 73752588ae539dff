/** What a restore will bring back, decided from the state alone, before anything happens. */
import { isDeepStrictEqual } from 'node:util';
import type { BindingReport, BindingState, UncoveredInput } from './entry.js';
import type { SessionState } from './state.js';

/**
 * `snapshot` loads what was saved. `replay` also runs the inputs again that no snapshot covers. `none` loads nothing: a
 * clean engine, with the context kept.
 */
export const RESTORE_STRATEGIES = ['snapshot', 'replay', 'none'] as const;
export type RestoreStrategy = (typeof RESTORE_STRATEGIES)[number];

export interface RestorePlan {
  readonly bindings: readonly BindingReport[];
  /** Classes that the session defined or extended. */
  readonly definitions: readonly BindingReport[];
  /** Snapshots to load, in order. Empty when the engine is live or nothing was ever saved. */
  readonly snapshots: readonly number[];
  readonly snapshotBytes: number;
  /** Inputs that will run again, in order. Empty unless a replay was asked for. */
  readonly replay: readonly UncoveredInput[];
  /** Inputs whose effects are not in any snapshot and will not run again. */
  readonly notReplayed: readonly UncoveredInput[];
}

export interface RestoreOptions {
  /** The engine runs and holds the session's state. */
  readonly live: boolean;
  readonly strategy: RestoreStrategy;
  /** The snapshots from this one on cannot be loaded: its bytes are not here. */
  readonly missingFrom?: number | undefined;
  /** With `missingFrom`: the inputs that what can be loaded does not cover, in place of the state's own. */
  readonly uncovered?: readonly UncoveredInput[] | undefined;
}

export interface ContextReport {
  /** Top-level member of the context. */
  readonly part: string;
  /** `live`: as it is now. `snapshot`: as the journal has it. `lost`: not there at the revision gone back to. */
  readonly fidelity: 'live' | 'snapshot' | 'lost';
  readonly reason: string;
  /** Size as JSON, in bytes. */
  readonly bytes: number;
}

/** Decides what a restore does. Never plans to run user code unless the strategy is `replay`. */
export function planRestore(state: SessionState, options: RestoreOptions): RestorePlan {
  if (options.strategy === 'none') return planNothing(state);
  const { live } = options;
  const replay = options.strategy === 'replay';
  // What a live engine holds needs no covering; what an earlier restore lost can still be replayed into it.
  const uncovered = live ? state.replayable : uncoveredIn(state, options.uncovered);
  const runs = (input: UncoveredInput) => replay && !input.redacted;
  const reports = new Map<string, BindingReport>();
  for (const [name, binding] of Object.entries(state.bindings)) {
    reports.set(name, live ? reportLive(name, binding) : reportSaved(name, binding, uncovered, options));
  }
  // What the inputs of earlier restores changed is among the bindings, as lost.
  for (const input of options.uncovered ?? state.uncovered) {
    for (const name of input.names) {
      if (live) {
        if (!input.unknown && !input.unbounded) reports.set(name, { name, fidelity: 'live' });
      } else if (!input.unknown) {
        reports.set(name, { name, fidelity: 'lost', reason: tooBig(input, state.bindings[name]) });
      } else if (!reports.has(name)) {
        reports.set(name, { name, fidelity: 'lost', reason: possibleChange(input) });
      }
    }
  }
  for (const input of uncovered.filter(runs)) {
    for (const name of input.names) {
      reports.set(name, { name, fidelity: 'replayed', reason: `input ${input.seq} runs again` });
    }
  }
  const { missingFrom = Number.POSITIVE_INFINITY } = options;
  const loaded = live ? [] : state.snapshots.filter(({ seq }) => seq < missingFrom);
  return {
    bindings: sorted(reports.values()),
    definitions: definitionsOf(state, options),
    snapshots: loaded.map(({ seq }) => seq),
    snapshotBytes: loaded.reduce((sum, { bytes }) => sum + bytes, 0),
    replay: uncovered.filter(runs),
    notReplayed: uncovered.filter((input) => !runs(input)),
  };
}

/**
 * @param uncovered the inputs that what can be loaded does not cover, in place of the state's own
 * @returns all whose effects are missing, each once, oldest first
 */
export function uncoveredIn(
  state: Pick<SessionState, 'replayable' | 'uncovered'>,
  uncovered: readonly UncoveredInput[] = state.uncovered,
): UncoveredInput[] {
  const later = new Set(uncovered.map(({ seq }) => seq));
  return [...state.replayable.filter(({ seq }) => !later.has(seq)), ...uncovered];
}

/**
 * What becomes of the context when a session goes back.
 * @param target the state to go back to; the present one where the restore is of the present
 */
export function planContext(present: SessionState, target: SessionState, live: boolean): ContextReport[] {
  const parts = new Set([...Object.keys(target.context), ...Object.keys(present.context)]);
  return [...parts].sort().map((part) => {
    const value = target.context[part];
    const now = present.context[part];
    const bytes = Buffer.byteLength(JSON.stringify(value ?? now));
    if (value === undefined) {
      const reason = `it was not there at revision ${target.revision}; the journal keeps its present value`;
      return { part, fidelity: 'lost', reason, bytes };
    }
    const reason = `journaled at revision ${target.contextParts[part]}`;
    const unchanged = live && isDeepStrictEqual(value, now);
    return { part, fidelity: unchanged ? 'live' : 'snapshot', reason, bytes };
  });
}

function planNothing(state: SessionState): RestorePlan {
  const reason = 'the strategy "none" loads nothing';
  const names = new Set([...Object.keys(state.bindings), ...state.uncovered.flatMap((input) => input.names)]);
  return {
    bindings: sorted([...names].map((name) => ({ name, fidelity: 'lost', reason }))),
    definitions: sorted(state.classes.map((name) => ({ name, fidelity: 'lost', reason }))),
    snapshots: [],
    snapshotBytes: 0,
    replay: [],
    notReplayed: [...state.replayable, ...state.uncovered],
  };
}

/** Classes that one missing snapshot may carry are not told apart: the journal says which snapshot has which no more. */
function definitionsOf({ classes, bindings, snapshots }: SessionState, options: RestoreOptions): BindingReport[] {
  const { live, missingFrom } = options;
  const missing = missingFrom !== undefined && snapshots.some(({ seq }) => seq >= missingFrom);
  return sorted(
    classes.map((name): BindingReport => {
      if (live) return { name, fidelity: 'live' };
      const binding = bindings[name];
      if (binding?.status === 'lost') return { name, fidelity: 'lost', reason: binding.reason };
      if (!missing) return { name, fidelity: 'snapshot' };
      return {
        name,
        fidelity: 'lost',
        reason: `the snapshot of revision ${missingFrom}, which may carry it, is not here`,
      };
    }),
  );
}

function sorted(reports: Iterable<BindingReport>): BindingReport[] {
  return [...reports].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function reportLive(name: string, binding: BindingState): BindingReport {
  return binding.status === 'lost' ? { name, fidelity: 'lost', reason: binding.reason } : { name, fidelity: 'live' };
}

function reportSaved(
  name: string,
  binding: BindingState,
  uncovered: readonly UncoveredInput[],
  { strategy, missingFrom = Number.POSITIVE_INFINITY }: RestoreOptions,
): BindingReport {
  if (binding.status === 'lost') return { name, fidelity: 'lost', reason: binding.reason };
  // The engine says what is in the way: "is a BlockClosure", "holds a BlockClosure at #(1)".
  if (binding.status === 'unsaved') return { name, fidelity: 'lost', reason: `cannot be saved: it ${binding.reason}` };
  if (binding.at >= missingFrom) {
    return { name, fidelity: 'lost', reason: `${savedAt(binding.at)}, in a snapshot whose bytes are not here` };
  }
  const saved = savedAt(binding.at);
  const doubt = uncovered.find((input) => input.answeredAt > binding.at && (input.unknown || input.unbounded));
  if (!doubt) return { name, fidelity: 'snapshot', reason: saved };
  const remark =
    strategy === 'replay' && !doubt.redacted
      ? `input ${doubt.seq} runs again and may change it`
      : possibleChange(doubt);
  return { name, fidelity: 'snapshot', reason: `${saved}; ${remark}` };
}

function tooBig(input: UncoveredInput, binding: BindingState | undefined): string {
  const cause = `what had changed by input ${input.seq} was too big to be saved at once: ${firstLine(input.code)}`;
  return binding?.status === 'saved' ? `${cause}; the value ${savedAt(binding.at)} is back instead` : cause;
}

function savedAt(revision: number): string {
  return `saved at revision ${revision}`;
}

function possibleChange(input: UncoveredInput): string {
  const why = input.unknown ? 'its outcome is unknown' : 'not all that it changed is known';
  return `input ${input.seq} may have changed it, and ${why}: ${firstLine(input.code)}`;
}

function firstLine(code: string): string {
  // Smalltalk sources may end their lines with a carriage return alone.
  const line = code.trim().split(/[\r\n]/, 1)[0] ?? '';
  return line.length > 60 ? `${line.slice(0, 59).replace(/[\uD800-\uDBFF]$/, '')}…` : line;
}
