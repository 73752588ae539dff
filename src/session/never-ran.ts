/** Errors with which the backend answers when no engine was given the code: to run it again is to run it once. */
import type { Evaluation } from './evaluation.js';

const NEVER_RAN = ['EngineUnavailable', 'RestoreFailed', 'CodeNotKept'];

/** Code may raise errors of any name, but none without a stack: that ends at the evaluated code. */
export function neverRan({
  outcome,
  error,
}: {
  outcome: Evaluation['outcome'];
  error?: Evaluation['error'] | undefined;
}): boolean {
  return outcome === 'error' && error != null && NEVER_RAN.includes(error.class) && error.stack.length === 0;
}
