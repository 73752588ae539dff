/** What a restore will bring back, decided from the state alone, before anything happens. */
import type { BindingReport } from './entry.js';
import type { SessionState, UncoveredInput } from './state.js';

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
  // What a live engine holds needs no covering; what an earlier restore lost can still be replayed into it.
  const uncovered = options.live || state.uncovered.length === 0 ? state.replayable : state.uncovered;
  const replay = options.replay ? uncovered : [];
  const reports = new Map<string, BindingReport>();
  for (const [name, binding] of Object.entries(state.bindings)) {
    reports.set(name, reportBinding(name, binding, options.live));
  }
  for (const input of uncovered) {
    for (const name of input.names) {
      const present = reports.get(name);
      if (options.replay) reports.set(name, { name, fidelity: 'replayed', reason: `input ${input.seq} runs again` });
      else if (!options.live || !present) reports.set(name, uncoveredReport(name, input, present));
    }
  }
  return {
    bindings: [...reports.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    snapshots: options.live ? [] : state.snapshots.map((snapshot) => snapshot.seq),
    snapshotBytes: options.live ? 0 : state.snapshots.reduce((sum, snapshot) => sum + snapshot.bytes, 0),
    replay,
    notReplayed: options.replay ? [] : uncovered,
  };
}

function reportBinding(name: string, binding: SessionState['bindings'][string], live: boolean): BindingReport {
  switch (binding.status) {
    case 'lost':
      return { name, fidelity: 'lost', reason: binding.reason };
    case 'unsaved':
      return live ? { name, fidelity: 'live' } : { name, fidelity: 'lost', reason: binding.reason };
    case 'saved':
      return live
        ? { name, fidelity: 'live' }
        : { name, fidelity: 'snapshot', reason: `saved at revision ${binding.at}` };
  }
}

function uncoveredReport(name: string, input: UncoveredInput, present: BindingReport | undefined): BindingReport {
  const cause = input.unknown
    ? `input ${input.seq} may have changed it, and its outcome is unknown`
    : `input ${input.seq} changed it and its value was too big to be saved at once`;
  const what = firstLine(input.code);
  if (present?.fidelity === 'snapshot' && input.unknown) {
    return { name, fidelity: 'snapshot', reason: `${present.reason}; ${cause}: ${what}` };
  }
  const instead = present?.fidelity === 'snapshot' ? `; the value ${present.reason} is back instead` : '';
  return { name, fidelity: 'lost', reason: `${cause}: ${what}${instead}` };
}

function firstLine(code: string): string {
  const line = code.trim().split('\n', 1)[0] ?? '';
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
