/** One writer at a time, among all processes of this user. */
import { rmdirSync, statSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCode } from '../files/system-error.js';
import { LocalStateLocked } from './errors.js';
import { writeFailure } from './system-error.js';

/**
 * Milliseconds without a sign of life after which a holder counts as killed. Short, because the next command waits for
 * it; a holder that only stalled for longer is caught by the check before its commit.
 */
const STALE_MS = 5_000;

/** A lock from the future (a clock went back) never gets old; it is stale when nobody renews it for this long, in ms. */
const UNRENEWED_MS = STALE_MS;

/** Milliseconds between attempts: a change takes about 4 ms; random, so that waiters do not march in step. */
const RETRY_MS = { least: 3, most: 20 };

/**
 * Runs `work` while holding the lock of `file`, until the promise settles if it returns one.
 * @param waitMs longest time to wait for other holders
 * @param unrenewedMs how long a lock from the future may go without a sign of life; injected by tests
 * @throws LocalStateLocked when that time is over
 * @throws LocalStateReadOnly, LocalStateFull at once when the lock cannot be made
 */
export async function withLock<R>(
  file: string,
  waitMs: number,
  work: () => R | Promise<R>,
  unrenewedMs = UNRENEWED_MS,
): Promise<R> {
  const release = await acquire(file, waitMs, unrenewedMs);
  try {
    return await work();
  } finally {
    // The work is done and judged; a lock that cannot be removed goes stale and is taken over.
    await release().catch(() => undefined);
  }
}

async function acquire(file: string, waitMs: number, unrenewedMs: number): Promise<() => Promise<void>> {
  const { default: lockfile } = await import('proper-lockfile');
  const lockfilePath = `${file}.lock`;
  const start = performance.now();
  const future = new FutureLock(lockfilePath, unrenewedMs);
  for (;;) {
    try {
      return await lockfile.lock(file, {
        lockfilePath,
        // The file may not exist yet.
        realpath: false,
        stale: STALE_MS,
        // Its own retries would repeat errors that no waiting mends, such as a read-only directory.
        retries: 0,
        // Would throw outside of any call. The commit finds out by itself whether another holder has been there.
        onCompromised: () => undefined,
      });
    } catch (error) {
      if (systemCode(error) !== 'ELOCKED') throw writeFailure(error, file);
    }
    future.removeIfUnrenewed();
    if (performance.now() - start >= waitMs) throw new LocalStateLocked(file, lockfilePath, waitMs);
    await sleep(RETRY_MS.least + Math.random() * (RETRY_MS.most - RETRY_MS.least));
  }
}

/** A lock whose time is ahead of the clock: its holder renews it all the time, unless it was killed. */
class FutureLock {
  #seen: { mtimeMs: number; at: number } | undefined;

  constructor(
    private readonly path: string,
    private readonly unrenewedMs: number,
  ) {}

  /** What two processes remove and make at the same moment, the check before the commit finds. */
  removeIfUnrenewed(): void {
    const mtimeMs = statSync(this.path, { throwIfNoEntry: false })?.mtimeMs;
    if (mtimeMs === undefined || mtimeMs <= Date.now()) this.#seen = undefined;
    else if (this.#seen?.mtimeMs !== mtimeMs) this.#seen = { mtimeMs, at: performance.now() };
    else if (performance.now() - this.#seen.at >= this.unrenewedMs) removeDirectory(this.path);
  }
}

function removeDirectory(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    // Somebody else was faster, or it cannot be: then it is waited for.
  }
}
