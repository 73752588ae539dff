/** A restore that is planned first, so that what came back can be held against what was to come back. */
import { UsageError } from '../cli/errors.js';
import type { Step } from '../cli/progress.js';
import type { RestoreReport } from '../protocol/documents.js';
import { MAX_TIMEOUT_MS } from '../protocol/limits.js';
import type { RestoreStrategy } from '../session/restore-plan.js';
import type { Point } from './point.js';
import { inputsAgain, planLine } from './restore-text.js';
import type { Workplace } from './workplace.js';

/** Something came back otherwise than planned. */
export interface RestoreDifference {
  readonly kind: 'binding' | 'class' | 'context';
  readonly name: string;
  /** Fidelity in the plan; null when it was not in it. */
  readonly planned: string | null;
  /** Fidelity in the report; null when it is not in it. */
  readonly actual: string | null;
}

/** What a restore did, or would do. */
export type RestoreOutcome = RestoreReport & { readonly differences: readonly RestoreDifference[] };

export interface RestoreOrder {
  readonly session: string;
  readonly strategy: RestoreStrategy;
  readonly point: Point;
  readonly ifRevision: number | undefined;
}

/** @throws UsageError when the flags say two things */
export function restoreStrategy(strategy: RestoreStrategy | undefined, replay: boolean): RestoreStrategy {
  if (!replay) return strategy ?? 'snapshot';
  if (strategy === undefined || strategy === 'replay') return 'replay';
  throw new UsageError(
    `--replay is short for --strategy replay, and --strategy says ${strategy}`,
    'Give one of the two.',
  );
}

/** Asks what a restore would do. Nothing changes. */
export async function planRestore(workplace: Workplace, order: RestoreOrder): Promise<RestoreOutcome> {
  const { report } = await workplace.ask('restore_session', { ...requestOf(order), plan: true });
  return { ...report, differences: [] };
}

/** The steps of a restore; the last leaves its outcome. */
export function restoreSteps(workplace: Workplace, order: RestoreOrder): Step<Partial<Restoring>>[] {
  return [
    {
      title: 'Reach the backend',
      task: async () => void (await workplace.client()),
    },
    {
      title: 'Plan',
      task: async (restoring, setOutput) => {
        restoring.plan = await planRestore(workplace, order);
        setOutput(planLine(restoring.plan));
      },
    },
    {
      title: LOADING[order.strategy],
      task: async (restoring, setOutput) => {
        const { plan } = restoring as Restoring;
        if (plan.replayed.length > 0) setOutput(inputsAgain(plan.cost));
        const { report, session } = await workplace.ask('restore_session', requestOf(order), MAX_TIMEOUT_MS);
        await workplace.makeCurrent(session);
        await workplace.remember(session);
        restoring.report = report;
      },
    },
    {
      title: 'Compare with the plan',
      task: async (restoring, setOutput) => {
        const { plan, report } = restoring as Restoring;
        const differences = differencesFromPlan(plan, report);
        if (differences.length > 0) setOutput(`${differences.length} came back otherwise than planned`);
        restoring.outcome = { ...report, differences };
      },
    },
  ];
}

/** What one step leaves for the next. */
export interface Restoring {
  plan: RestoreReport;
  report: RestoreReport;
  outcome: RestoreOutcome;
}

const LOADING: Readonly<Record<RestoreStrategy, string>> = {
  snapshot: 'Load what was saved',
  replay: 'Load what was saved, and run inputs again',
  none: 'Start a clean engine',
};

/** Names what came back otherwise than the plan said, or was not in the plan, or did not come back at all. */
export function differencesFromPlan(plan: RestoreReport, report: RestoreReport): RestoreDifference[] {
  return [
    ...differing('binding', plan.bindings, report.bindings),
    ...differing('class', plan.definitions, report.definitions),
    ...differing('context', plan.context.map(asNamed), report.context.map(asNamed)),
  ];
}

interface Fidelity {
  readonly name: string;
  readonly fidelity: string;
}

function differing(
  kind: RestoreDifference['kind'],
  planned: readonly Fidelity[],
  actual: readonly Fidelity[],
): RestoreDifference[] {
  const before = new Map(planned.map(({ name, fidelity }) => [name, fidelity]));
  const after = new Map(actual.map(({ name, fidelity }) => [name, fidelity]));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => ({ kind, name, planned: before.get(name) ?? null, actual: after.get(name) ?? null }));
}

function asNamed({ part, fidelity }: RestoreReport['context'][number]): Fidelity {
  return { name: part, fidelity };
}

function requestOf({ session, strategy, point, ifRevision }: RestoreOrder) {
  return { session_id: session, strategy, ...point, if_revision: ifRevision };
}
