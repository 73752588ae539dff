/** Whether an evaluation gave what an earlier one of the same code had given. */
import type { Evaluation } from './evaluation.js';

export type Result = Pick<Evaluation, 'outcome' | 'printString' | 'class' | 'error' | 'transcript'>;

/** Outcomes that say what the code gives. */
const TELLING: readonly Evaluation['outcome'][] = ['value', 'error', 'interrupted'];

/** @returns null where the earlier one did not tell: it has not run, or nobody knows how far. How long it took is no matter. */
export function isSameResult(earlier: Result, later: Result): boolean | null {
  return TELLING.includes(earlier.outcome) ? described(earlier) === described(later) : null;
}

function described({ outcome, printString, class: valueClass, error, transcript }: Result): string {
  // The message of an interruption tells its time.
  const what = outcome === 'interrupted' ? [] : [printString, valueClass, error?.class, error?.message];
  return JSON.stringify([outcome, ...what, transcript]);
}
