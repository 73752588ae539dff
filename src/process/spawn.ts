/**
 * Starting processes: the one place that does. What can go wrong with a start comes as a rejection, whichever way Node tells
 * it: by throwing (ENOMEM), by an event without pipes (EMFILE, EAGAIN), or by an event (ENOENT). Nothing of it can end this
 * process.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

export type { SpawnOptions };

/** A process that has started. */
export type StartedProcess = ChildProcess & { readonly pid: number };

/** What the system says when there is nothing wrong with the program but too little of something else. */
const SCARCITY: Readonly<Record<string, string>> = {
  EMFILE: 'this process has no file descriptors left (see ulimit -n)',
  ENFILE: 'the machine has no file descriptors left',
  EAGAIN: 'no more processes may be started (see ulimit -u)',
  ENOMEM: 'the machine has too little memory',
};

/** A process could not be started. */
export class SpawnFailed extends Error {
  override readonly name = 'SpawnFailed';
  /** The system's code, such as `ENOENT`. */
  readonly code: string;

  constructor(file: string, cause: NodeJS.ErrnoException) {
    const code = cause.code ?? 'UNKNOWN';
    super(`${file} cannot be started: ${SCARCITY[code] ?? cause.message} (${code})`, { cause });
    this.code = code;
  }

  /** Whether it may work once something else has ended. */
  get isForScarcity(): boolean {
    return isScarcity(this);
  }
}

/** Whether a system error says that descriptors, processes or memory are used up, for now. */
export function isScarcity(error: unknown): boolean {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && Object.hasOwn(SCARCITY, code);
}

/**
 * Starts a process. Attach listeners in the turn in which the promise resolves: nothing it writes, nor its end, is missed.
 * @throws {SpawnFailed} when it cannot be started, for whatever reason
 */
export function startProcess(file: string, args: readonly string[], options: SpawnOptions): Promise<StartedProcess> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(new SpawnFailed(file, error));
    try {
      const child = spawn(file, [...args], options);
      // Stays for the life of the process: a signal that cannot be sent is told as an 'error', too.
      child.on('error', failed);
      child.once('spawn', () => resolve(child as StartedProcess));
    } catch (error) {
      failed(error as Error);
    }
  });
}

/** Sends a signal to all processes of the group that `leader` began; to a group in which nobody is left, none. */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    // EPERM: macOS says so of a group in which only zombies are left.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
