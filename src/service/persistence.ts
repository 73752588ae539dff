/** Asking again when an answer got lost, for what is done once by its key however often it is asked for. */
import { CliError } from '../cli/errors.js';
import { Unreachable } from '../client/errors.js';
import { BackendNotStarted, LocalStateLocked } from '../local/errors.js';
import { ProtocolError } from '../protocol/errors.js';
import type { Workplace } from './workplace.js';

/** Times the same key is sent before the person is told to ask for it later. */
const ATTEMPTS = 3;

/** @throws Unreachable when the backend is gone for good, or never had the question; and what `ask` throws */
export async function untilAnswered<R>(workplace: Workplace, ask: () => Promise<R>): Promise<R> {
  let mayHaveArrived = false;
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      mayHaveArrived ||= error.mayHaveArrived;
      if (attempt === ATTEMPTS || !mayHaveArrived) throw error;
      await workplace.reconnect();
    }
  }
}

/**
 * @returns whether nobody can be asked now and somebody may be later: the backend is not there, is stopping, or could not be
 *   started. A damaged journal does not mend itself, so that it is not among this.
 */
export function isAway(error: unknown): boolean {
  if (error instanceof BackendNotStarted) return !error.isDamage;
  if (error instanceof ProtocolError) return error.type === 'ShuttingDown';
  // Of the start of the private backend, by another command.
  return error instanceof Unreachable || error instanceof LocalStateLocked;
}

/** @returns the error to throw in place of `error` for what may have been accepted and is given up on */
export function givenUp(error: unknown, what: string, hint: string): unknown {
  if (!(error instanceof Unreachable) || !error.mayHaveArrived) return error;
  return new CliError('unreachable', `${error.message}. ${what} may have been accepted`, {
    exit: 'unreachable',
    hint,
    cause: error,
  });
}
