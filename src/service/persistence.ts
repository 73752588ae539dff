/** Asking again when an answer got lost, for what is done once by its key however often it is asked for. */
import { CliError } from '../cli/errors.js';
import { Unreachable } from '../client/errors.js';
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

/** @returns the error to throw in place of `error` for what may have been accepted and is given up on */
export function givenUp(error: unknown, what: string, hint: string): unknown {
  if (!(error instanceof Unreachable) || !error.mayHaveArrived) return error;
  return new CliError('unreachable', `${error.message}. ${what} may have been accepted`, {
    exit: 'unreachable',
    hint,
    cause: error,
  });
}
