/** Which process an entry or a reservation belongs to, and whether that process is gone. */
import { readFileSync } from 'node:fs';
import { isAlive } from '../process-life.js';
import { systemCode } from '../system-error.js';

export interface Owner {
  readonly pid: number;
  /**
   * Tells the process from a later one with the same id: `TICKS-BOOT`, clock ticks from the start of the machine to the
   * start of the process, and which start of the machine that was. Null where the system does not tell (not Linux).
   */
  readonly startedAt: string | null;
}

/** What the outbox asks the operating system about processes; injected by tests. */
export interface Processes {
  self(): Owner;
  isGone(owner: Owner): boolean;
}

/** Of the process's state, in /proc/PID/stat counted from behind the command's name. */
const STATE_FIELD = 0;

/** Of the start time: the 22nd field of all. */
const START_FIELD = 19;

/** Ended, but its parent has not asked for the exit code: it will never do anything again. */
const ENDED_STATES = new Set(['Z', 'X']);

/** Hexadecimal digits of the boot's id: enough to tell one boot from the next, and the file names stay short. */
const BOOT_DIGITS = 12;

/**
 * Where the system does not tell when a process started, its id alone has to do: an entry whose owner was killed then
 * waits for as long as another process happens to have that id. Processes of another PID namespace or machine that
 * shares the directory look gone: what they send may be sent twice, and the backend answers the second from its journal.
 */
export function thisMachine(): Processes {
  let self: Owner | undefined;
  const own = (): Owner => {
    self ??= { pid: process.pid, startedAt: startOf(process.pid) ?? null };
    return self;
  };
  return {
    self: own,
    isGone: ({ pid, startedAt }) => {
      if (startedAt === null || own().startedAt === null) return !isAlive(pid);
      return startOf(pid) !== startedAt;
    },
  };
}

/** @returns the start in the text of a /proc/PID/stat, undefined if that process has ended */
export function startTicks(stat: string): string | undefined {
  // The command's name stands in parentheses, and may contain spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ENDED_STATES.has(fields[STATE_FIELD] ?? '') ? undefined : fields[START_FIELD];
}

function startOf(pid: number): string | undefined {
  try {
    const ticks = startTicks(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').replaceAll('-', '').slice(0, BOOT_DIGITS);
    return ticks && `${ticks}-${boot}`;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
