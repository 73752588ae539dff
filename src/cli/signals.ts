import { CliError } from './errors.js';
import { writeFailure } from './output.js';

type Cleanup = () => void | Promise<void>;

/** What must be undone when the process is told to stop: sockets to close, evaluations to interrupt. */
const cleanups = new Set<Cleanup>();

/** Longest time the clean-ups may take together; whoever pressed Ctrl-C is waiting for the prompt. */
const CLEANUP_LIMIT_MS = 1_000;

/**
 * Registers what to do when SIGINT or SIGTERM arrives, before the process ends.
 * @returns takes the registration back
 */
export function onStop(cleanup: Cleanup): () => void {
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}

/** Ends the process on SIGINT with 130 and on SIGTERM with 143, with one line saying so. A second signal does not wait. */
export function endOnSignals(json: boolean): void {
  let stopping = false;
  const stop = async (code: 'interrupted' | 'terminated', message: string): Promise<void> => {
    const failure = new CliError(code, message);
    if (stopping) process.exit(failure.exitCode);
    stopping = true;
    const limit = new Promise<void>((resolve) => setTimeout(resolve, CLEANUP_LIMIT_MS));
    await Promise.race([Promise.allSettled([...cleanups].map(async (cleanup) => cleanup())), limit]);
    // Whoever should read it may have stopped reading.
    await Promise.race([writeFailure(failure, { json: json && 'line' }), limit]);
    process.exit(failure.exitCode);
  };
  process.on('SIGINT', () => void stop('interrupted', 'Interrupted'));
  process.on('SIGTERM', () => void stop('terminated', 'Terminated'));
}
