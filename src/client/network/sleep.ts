/** Tells from clocks alone, on every platform, that this process did not run for a while. */

/** Readings in ms; only differences mean anything. */
export interface Clocks {
  wall(): number;
  monotonic(): number;
  /** CPU time that this process has used. */
  cpu(): number;
}

export interface Reading {
  readonly wall: number;
  readonly monotonic: number;
  readonly cpu: number;
}

/**
 * Shortest sleep that is reported, in ms. Time servers slew clocks and machines stall for less than that, and peers wait
 * longer before they drop a connection.
 */
export const SHORTEST_SLEEP_MS = 2_000;

export const systemClocks: Clocks = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};

export function readClocks(clocks: Clocks): Reading {
  return { wall: clocks.wall(), monotonic: clocks.monotonic(), cpu: clocks.cpu() };
}

/**
 * How long this process was asleep between two readings that should be `dueMs` apart: in a suspended machine, or stopped
 * by a signal, which leaves connections in the same state.
 *
 * Linux stops the monotonic clock in a suspended machine, so the wall clock runs ahead of it. On macOS and Windows it goes
 * on, so the second reading comes too late; time in which the process computed is no sleep. A clock that is set forwards
 * looks like a sleep, which costs the caller one needless attempt; one that is set backwards is never mistaken.
 * @returns ms, 0 for less than SHORTEST_SLEEP_MS
 */
export function sleptBetween(before: Reading, after: Reading, dueMs: number): number {
  const elapsed = after.monotonic - before.monotonic;
  const wallAhead = after.wall - before.wall - elapsed;
  const idleTooLong = elapsed - dueMs - (after.cpu - before.cpu);
  const slept = Math.max(wallAhead, idleTooLong);
  return slept > SHORTEST_SLEEP_MS ? Math.round(slept) : 0;
}
