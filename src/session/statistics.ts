/** What happened in sessions, in numbers: read off their states. */
import { type Activity, outagesSurvived } from './activity.js';
import type { EngineAbsence, Outcome } from './entry.js';
import type { SessionState } from './state.js';

export interface Figures {
  readonly evaluations: number;
  readonly errors: number;
  readonly outcomes: Record<Outcome, number>;
  readonly evaluatedMs: number;
  readonly outagesSurvived: number;
  readonly linkOutages: number;
  readonly linkOutageMs: number;
  readonly restores: Record<string, number>;
  readonly connectedMs: number;
  readonly contextChanges: number;
  readonly conflicts: number;
  readonly recorded: number;
  readonly entries: number;
  readonly clients: number;
  readonly firstActivityAt: string | null;
  readonly lastActivityAt: string | null;
}

const OUTCOMES: readonly Outcome[] = ['value', 'error', 'interrupted', 'unknown'];
const ABSENCES: readonly EngineAbsence[] = ['restart', 'crash', 'hibernation', 'requested'];

/** Sums over sessions; a client that works in several counts once. */
export function figuresOf(states: readonly SessionState[]): Figures {
  const activities = states.map(({ activity }) => activity);
  const sum = (value: (state: SessionState) => number) => states.reduce((total, state) => total + value(state), 0);
  const sums = <Key extends string>(keys: readonly Key[], value: (activity: Activity, key: Key) => number) =>
    Object.fromEntries(keys.map((key) => [key, sum(({ activity }) => value(activity, key))])) as Record<Key, number>;
  const clients = new Set(activities.flatMap((activity) => Object.keys(activity.clients)));
  const times = states.map(({ createdAt, latestActiveAt }) => ({ createdAt, latestActiveAt }));
  return {
    evaluations: sum(({ evaluations }) => evaluations),
    errors: sum(({ errors }) => errors),
    outcomes: sums(OUTCOMES, (activity, key) => activity.outcomes[key]),
    evaluatedMs: rounded(sum(({ activity }) => activity.evaluatedMs)),
    outagesSurvived: sum(({ activity }) => outagesSurvived(activity)),
    linkOutages: sum(({ activity }) => activity.linkOutages),
    linkOutageMs: sum(({ activity }) => activity.linkOutageMs),
    restores: sums(ABSENCES, (activity, key) => activity.restores[key]),
    connectedMs: sum(({ activity }) => activity.connectedMs),
    contextChanges: sum(({ activity }) => activity.contextChanges),
    conflicts: sum(({ activity }) => activity.conflicts),
    recorded: sum(({ activity }) => activity.recorded),
    entries: sum(({ revision }) => revision),
    clients: clients.size,
    firstActivityAt: times.map(({ createdAt }) => createdAt).sort()[0] ?? null,
    lastActivityAt:
      times
        .map(({ latestActiveAt }) => latestActiveAt)
        .sort()
        .at(-1) ?? null,
  };
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
