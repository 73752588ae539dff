/** When the backend does something later. Passed in, so that a simulator can run years of it in a second. */

/** Runs a task once after so many ms; returns what takes that back. */
export type Timer = (ms: number, task: () => void) => () => void;

/** Does not keep the process alive: a backend that serves is kept by its socket. */
export const REAL_TIMER: Timer = (ms, task) => {
  const timeout = setTimeout(task, ms).unref();
  return () => clearTimeout(timeout);
};
