/** How a restore is told of: its plan and its result have the same form. */
import type { EvaluationResult, RestoreReport } from '../protocol/documents.js';
import type { BindingReport, UncoveredInput } from '../session/entry.js';
import type { ContextReport, RestorePlan, RestoreStrategy } from '../session/restore-plan.js';
import type { SessionState } from '../session/state.js';

export interface RestoreAccount {
  readonly plan: RestorePlan;
  readonly context: readonly ContextReport[];
  readonly strategy: RestoreStrategy;
  readonly at: number | undefined;
  /** What came back, where it was tried; as planned otherwise. */
  readonly bindings?: readonly BindingReport[];
  readonly definitions?: readonly BindingReport[];
  /** Nothing was done. */
  readonly planned: boolean;
  /** On the monotonic clock, in ms. */
  readonly startedAt: number;
}

export function restoreReport(state: SessionState, account: RestoreAccount): RestoreReport {
  const { plan, strategy, at, planned, startedAt } = account;
  const bindings = account.bindings ?? plan.bindings;
  const definitions = account.definitions ?? plan.definitions;
  return {
    session: state.id,
    name: state.name,
    revision: state.revision,
    plan: planned,
    strategy,
    at: at ?? null,
    bindings: bindings.map((binding) => ({ ...binding })),
    classes: definitions.map(({ name }) => name),
    definitions: definitions.map((definition) => ({ ...definition })),
    context: account.context.map((part) => ({ ...part })),
    conflicts: state.conflicts.length,
    replayed: plan.replay.map(inputReference),
    notReplayed: plan.notReplayed.map(inputReference),
    lost: bindings.filter(({ fidelity }) => fidelity === 'lost').map(({ name }) => name),
    snapshotBytes: plan.snapshotBytes,
    cost: {
      snapshots: plan.snapshots.length,
      snapshotBytes: plan.snapshotBytes,
      inputs: plan.replay.length,
      inputMs: rounded(plan.replay.reduce((sum, { durationMs = 0 }) => sum + durationMs, 0)),
    },
    durationMs: rounded(performance.now() - startedAt),
  };
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function inputReference({ seq, code, unknown, redacted }: UncoveredInput) {
  return { revision: seq, code, unknown, redacted: redacted ?? false };
}

/** What became of a binding that was to be replayed. */
export function replayedBinding(
  binding: BindingReport,
  inputs: readonly UncoveredInput[],
  outcomes: ReadonlyMap<number, EvaluationResult>,
  present: ReadonlySet<string>,
): BindingReport {
  if (binding.fidelity !== 'replayed') return binding;
  const input = inputs.findLast((candidate) => candidate.names.includes(binding.name));
  const result = input ? outcomes.get(input.seq) : undefined;
  if (present.has(binding.name)) {
    const remark = result?.outcome === 'value' ? '' : ', which did not end with a value this time';
    return { name: binding.name, fidelity: 'replayed', reason: `input ${input?.seq} ran again${remark}` };
  }
  const why = result?.error ? `${result.error.class}: ${result.error.message}` : 'it did not bind the name';
  return { name: binding.name, fidelity: 'lost', reason: `input ${input?.seq} ran again, and ${why}` };
}

/** @returns the names whose newest values are from after a revision */
export function boundSince({ bindings, uncovered }: SessionState, revision: number): ReadonlySet<string> {
  const saved = Object.entries(bindings).flatMap(([name, { status, at }]) =>
    status !== 'lost' && at > revision ? [name] : [],
  );
  const deferred = uncovered.filter(({ seq }) => seq > revision).flatMap(({ names }) => names);
  return new Set([...saved, ...deferred]);
}
