/** What a restore will bring back, decided from the state alone, before anything happens. */
import type { BindingReport } from './entry.js';
import type { BindingState, SessionState, UncoveredInput } from './state.js';

export interface RestorePlan {
  readonly bindings: readonly BindingReport[];
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
  /** Run the inputs that no snapshot covers again. */
  readonly replay: boolean;
}

/** Decides what a restore does. Never plans to run user code unless `replay` is set. */
export function planRestore(state: SessionState, options: RestoreOptions): RestorePlan {
  const { live, replay } = options;
  // What a live engine holds needs no covering; what an earlier restore lost can still be replayed into it.
  const uncovered = live ? state.replayable : [...state.replayable, ...state.uncovered];
  const reports = new Map<string, BindingReport>();
  for (const [name, binding] of Object.entries(state.bindings)) {
    reports.set(name, live ? reportLive(name, binding) : reportSaved(name, binding, uncovered, replay));
  }
  // What the inputs of earlier restores changed is among the bindings, as lost.
  for (const input of state.uncovered) {
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
  for (const input of replay ? uncovered : []) {
    for (const name of input.names) {
      reports.set(name, { name, fidelity: 'replayed', reason: `input ${input.seq} runs again` });
    }
  }
  return {
    bindings: [...reports.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    snapshots: live ? [] : state.snapshots.map((snapshot) => snapshot.seq),
    snapshotBytes: live ? 0 : state.snapshots.reduce((sum, snapshot) => sum + snapshot.bytes, 0),
    replay: replay ? uncovered : [],
    notReplayed: replay ? [] : uncovered,
  };
}

function reportLive(name: string, binding: BindingState): BindingReport {
  return binding.status === 'lost' ? { name, fidelity: 'lost', reason: binding.reason } : { name, fidelity: 'live' };
}

function reportSaved(
  name: string,
  binding: BindingState,
  uncovered: readonly UncoveredInput[],
  replay: boolean,
): BindingReport {
  if (binding.status === 'lost') return { name, fidelity: 'lost', reason: binding.reason };
  // The engine says what is in the way: "is a BlockClosure", "holds a BlockClosure at #(1)".
  if (binding.status === 'unsaved') return { name, fidelity: 'lost', reason: `cannot be saved: it ${binding.reason}` };
  const saved = savedAt(binding.at);
  const doubt = uncovered.find((input) => input.answeredAt > binding.at && (input.unknown || input.unbounded));
  if (!doubt) return { name, fidelity: 'snapshot', reason: saved };
  const remark = replay ? `input ${doubt.seq} runs again and may change it` : possibleChange(doubt);
  return { name, fidelity: 'snapshot', reason: `${saved}; ${remark}` };
}

function tooBig(input: UncoveredInput, binding: BindingState | undefined): string {
  const cause = `input ${input.seq} changed it and its value was too big to be saved at once: ${firstLine(input.code)}`;
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
