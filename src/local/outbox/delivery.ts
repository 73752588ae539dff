/** One process at a time delivers what others have left to a backend. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCode } from '../../files/system-error.js';
import { writeFailure } from '../system-error.js';
import { makeDurably } from './admission.js';
import type { OutboxDirectory } from './directory.js';
import { hashOf, reservationName } from './file-name.js';
import { announce, pauseMs, rivals, withdraw } from './reservation.js';

export type Delivery<R> = { readonly ran: true; readonly value: R } | { readonly ran: false };

export interface DeliveryOptions {
  /** Longest time to wait for another process that delivers; 0 skips. */
  readonly waitMs: number;
}

/** Milliseconds in which those who came at the same moment settle which of them delivers, also if none of them waits. */
const SETTLING_MS = 1_000;

type Attempt = { readonly outcome: 'taken' | 'contended' } | { readonly outcome: 'held'; readonly file: string };

/**
 * Runs `work` while no other process delivers to the same backend.
 * @param backend name or endpoint that all who deliver to it know it by
 * @returns `ran: false` if another process delivered for all of the time
 * @throws LocalStateReadOnly, LocalStateFull, UnsafePath; and what `work` throws
 */
export async function deliver<R>(
  directory: OutboxDirectory,
  backend: string,
  work: () => R | Promise<R>,
  { waitMs }: DeliveryOptions,
): Promise<Delivery<R>> {
  const start = performance.now();
  for (;;) {
    const attempt = hold(directory, hashOf(backend));
    if (attempt.outcome === 'held') {
      try {
        return { ran: true, value: await work() };
      } finally {
        directory.discard(attempt.file);
      }
    }
    const patienceMs = attempt.outcome === 'taken' ? waitMs : Math.max(waitMs, SETTLING_MS);
    if (performance.now() - start >= patienceMs) return { ran: false };
    await sleep(pauseMs());
  }
}

/**
 * Who asks and sees another that asks withdraws; who sees nobody delivers. The two have different names, so that
 * somebody who does not want to wait knows whether there is anything to wait for.
 */
function hold(directory: OutboxDirectory, subject: string): Attempt {
  try {
    const own = reservationName('delivering', subject, directory.processes.self());
    if (rivals(directory.look(), own, ['delivering']).length > 0) return { outcome: 'taken' };
    makeDurably(directory.path);
    const asking = announce(directory, 'asking', subject);
    try {
      const [rival] = rivals(directory.look(), asking.name, ['delivering', 'asking']);
      if (rival !== undefined) return { outcome: rival.purpose === 'delivering' ? 'taken' : 'contended' };
      renameSync(asking.path, join(directory.path, own.file));
      return { outcome: 'held', file: own.file };
    } finally {
      withdraw(directory, asking);
    }
  } catch (error) {
    // Swept by a process that cannot see ours, being of another PID namespace.
    if (systemCode(error) === 'ENOENT') return { outcome: 'contended' };
    throw writeFailure(error, directory.path);
  }
}
