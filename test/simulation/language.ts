/**
 * The code of the workload: Smalltalk to those who only read it, and a few words to the simulated engine. The key stands
 * in a comment, so that an effect can be traced to the evaluation that had it.
 *
 * `a := a + 1` counts; then `raise`, `hang`, `die`, or nothing. A counter called `big…` is too big to be saved at once,
 * one called `block…` cannot be saved.
 */
export interface Program {
  readonly key: string;
  /** Counter to increment. */
  readonly counter: string | undefined;
  /** Name to answer. */
  readonly read: string | undefined;
  readonly ending: 'raise' | 'hang' | 'die' | undefined;
}

const PROGRAM = /^(?:(\w+) := \1 \+ 1|(\w+))\.(?: self (raise|hang|die)\.)? "(.+)"$/;

export function programOf(code: string): Program {
  const match = PROGRAM.exec(code);
  if (!match) throw new Error(`not a program: ${code}`);
  const [, counter, read, ending, key = ''] = match;
  return { key, counter, read, ending: ending as Program['ending'] };
}

export function codeOf(action: string, ending: Program['ending'], key: string): string {
  return `${action}.${ending ? ` self ${ending}.` : ''} "${key}"`;
}

export function isBig(name: string): boolean {
  return name.startsWith('big');
}

export function isUnsaveable(name: string): boolean {
  return name.startsWith('block');
}
