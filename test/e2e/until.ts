/** Waiting for what no event announces: the state of another process. */
import { setTimeout as pause } from 'node:timers/promises';

/** Between two looks, in ms: unnoticeable, and cheap when a look is a request. */
const LOOK_EVERY_MS = 10;

/** Longest wait, in ms: whatever has not happened by then on a busy machine will not. */
const LIMIT_MS = 30_000;

/**
 * Looks until there is something to see.
 * @param what what is waited for, for the message when it does not come
 * @returns the first result that is neither undefined nor false
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`${what}: did not happen within ${LIMIT_MS} ms`);
    await pause(LOOK_EVERY_MS);
  }
}
