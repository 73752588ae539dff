/**
 * conf, loaded when something is written and not before: 30 ms bundled, 110 ms from node_modules. Reading does without
 * it (JSON.parse of the file conf wrote: 0.1 ms), because every command reads and few write.
 */
import type Conf from 'conf';

/** Handled by nobody else, but by when-exit: marks the listeners that belong to it. */
const TELLTALE_SIGNAL = 'SIGVTALRM';

let loading: Promise<typeof Conf> | undefined;

/** @returns conf's class. */
export function loadConf(): Promise<typeof Conf> {
  loading ??= importQuietly();
  return loading;
}

/**
 * conf depends on when-exit, which listens to every signal to remove temporary files and then sends the signal to the
 * process again: a program that handles Ctrl-C itself gets it twice. The store sweeps what is left over itself, so
 * those listeners go. They are known by being added in one synchronous run with one for a signal nobody else handles.
 */
async function importQuietly(): Promise<typeof Conf> {
  let run: [signal: string, listener: () => void][] = [];
  const watch = (signal: string | symbol, listener: () => void): void => {
    if (run.length === 0) queueMicrotask(settle);
    run.push([String(signal), listener]);
  };
  const settle = (): void => {
    if (run.some(([signal]) => signal === TELLTALE_SIGNAL)) {
      for (const [signal, listener] of run) if (signal.startsWith('SIG')) process.removeListener(signal, listener);
    }
    run = [];
  };
  process.on('newListener', watch);
  try {
    return (await import('conf')).default;
  } finally {
    process.removeListener('newListener', watch);
  }
}
