/** When a watch ends by itself. */
import type { Phase } from '../../client/link-state.js';

/** `once`: when it is known how the connections are. Undefined: never. */
export type Goal = 'once' | 'healthy' | 'lost' | undefined;

const GOOD: ReadonlySet<Phase> = new Set(['healthy', 'degraded', 'busy']);
const GONE: ReadonlySet<Phase> = new Set(['lost', 'waiting', 'idle']);

/** @param phases of the connections, all of which have been started */
export function isReached(goal: Goal, phases: readonly Phase[]): boolean {
  switch (goal) {
    case 'once':
      return !phases.includes('connecting');
    case 'healthy':
      return allAnswer(phases);
    case 'lost':
      return phases.every((phase) => GONE.has(phase));
    case undefined:
      return false;
  }
}

export function allAnswer(phases: readonly Phase[]): boolean {
  return phases.every((phase) => GOOD.has(phase));
}
