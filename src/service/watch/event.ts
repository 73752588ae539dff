/** What `stui watch` tells, as programs see it. */
import type { OutageCause, Phase } from '../../client/link-state.js';

interface About {
  readonly connection: string;
  readonly endpoint: string;
  /** Wall clock, ISO 8601 UTC. */
  readonly time: string;
  /** Monotonic clock, in ms from an arbitrary start: for durations, which the wall clock cannot give. */
  readonly monotonicMs: number;
}

export interface PhaseEvent extends About {
  readonly type: 'phase';
  readonly from: Phase;
  readonly to: Phase;
  readonly latencyMs: number | null;
  /** Sockets opened since the backend was last heard. */
  readonly attempts: number;
  readonly retryInMs: number | null;
  /** Evaluations accepted on this machine that no backend has yet. */
  readonly outbox: number;
}

/** What became of the evaluations that waited in the outbox. Each is counted in one account only. */
export interface DeliveryAccount {
  /** Evaluations that waited in the outbox and were delivered now, by this watch or by another command. */
  readonly deliveredLate: number;
  /** Evaluations that the backend turned out to have had already. */
  readonly answeredFromJournal: number;
  /** Of those, how many have an unknown outcome. */
  readonly unknown: number;
  /** Entries that the backend refuses, or does not take now; they stay in the outbox, and are in the next account again. */
  readonly refused: number;
  /** Evaluations that were in the outbox and are nowhere now. Not 0 is a bug. */
  readonly lost: number;
}

/** The account of an interruption, after it is over and everything has been brought back. */
export interface OutageEvent extends About, DeliveryAccount {
  readonly type: 'outage';
  readonly cause: OutageCause;
  readonly durationMs: number;
  readonly attempts: number;
  readonly sessions: readonly RestoredSession[];
  /** False when not everything could be brought back, mostly because the link broke again: the next account has the rest. */
  readonly complete: boolean;
}

export interface RestoredSession {
  readonly session: string;
  readonly name: string;
  readonly revision: number;
  readonly bindings: number;
  readonly lost: readonly string[];
}

/** What earlier commands had left in the outbox was delivered when the watch first reached the backend. */
export interface DeliveryEvent extends About, DeliveryAccount {
  readonly type: 'delivery';
}

/** Something went wrong that does not end the watch. */
export interface TroubleEvent extends About {
  readonly type: 'trouble';
  readonly message: string;
}

export type WatchEvent = PhaseEvent | OutageEvent | DeliveryEvent | TroubleEvent;
