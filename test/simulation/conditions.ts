/** How one simulated world is: drawn from the seed, so that worlds differ in kind and not only in detail. */
import { LINK_TIMING, type LinkTiming, ONE_SHOT_TIMING } from '../../src/client/timing.js';
import type { Random } from './random.js';

/** What can go wrong while the workload runs. */
export const FAULTS = [
  'backend crash',
  'backend stop',
  'engine crash',
  'no engine',
  'deaf engines',
  'client crash',
  'partition',
  'reset',
  'silence',
  'full disk',
  'slow disk',
  'news',
] as const;

export type FaultKind = (typeof FAULTS)[number];

export interface Conditions {
  readonly clients: number;
  readonly sessions: number;
  readonly ordersPerClient: number;
  /** Commands that a client has under way at once. */
  readonly width: number;
  /** Each order is a process of its own; otherwise one process does them all, one connection for each thread. */
  readonly oneShot: boolean;
  readonly faults: readonly FaultKind[];
  readonly faultCount: number;
  /** From here on nothing goes wrong any more, in ms. */
  readonly healAt: number;
  /** Probability that what is working dies, at each step of it. */
  readonly deathRate: number;
  /** One way, in ms. */
  readonly latency: { readonly least: number; readonly most: number };
  /** Frames get doubled and out of order inside one connection, which TCP does not do. */
  readonly nasty: boolean;
  /** Share of the frames that get lost for good, and with them whatever follows in their connection. */
  readonly loss: number;
  /** Share of the connections that stand and carry nothing. */
  readonly silentShare: number;
  readonly commitMs: number;
  readonly timing: LinkTiming;
}

export function drawConditions(random: Random): Conditions {
  const faults = FAULTS.filter(() => random.chance(0.5));
  const far = random.chance(0.2);
  return {
    clients: random.whole(1, 3),
    sessions: random.whole(1, 3),
    ordersPerClient: Math.round(random.delay(3, 16)),
    width: random.pick([1, 2, 4]),
    oneShot: random.chance(0.5),
    faults,
    faultCount: faults.length === 0 ? 0 : random.whole(0, 8),
    healAt: random.whole(500, 2_500),
    deathRate: random.pick([0, 0.003, 0.01, 0.03]),
    latency: far ? { least: 20, most: 200 } : { least: 0.1, most: 20 },
    nasty: random.chance(0.3),
    loss: random.pick([0, 0, 0.01, 0.05]),
    silentShare: random.pick([0, 0, 0.05]),
    commitMs: random.pick([1, 5, 30]),
    timing: random.chance(0.5) ? LINK_TIMING : ONE_SHOT_TIMING,
  };
}
