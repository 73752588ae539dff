/** Which process something belongs to, and whether that process is gone: a process id alone is given out again. */
import { readFileSync } from 'node:fs';
import { systemCode } from './system-error.js';

export interface ProcessIdentity {
  readonly pid: number;
  /**
   * Tells the process from a later one with the same id: `TICKS-BOOT`, clock ticks from the start of the machine to the
   * start of the process, and which start of the machine that was. Null where the system does not tell (not Linux).
   */
  readonly startedAt: string | null;
}

/** What is asked of the operating system about processes; injected by tests. */
export interface Processes {
  self(): ProcessIdentity;
  isGone(identity: ProcessIdentity): boolean;
}

/** Of the process's state, in /proc/PID/stat counted from behind the command's name. */
const STATE_FIELD = 0;

/** Of the session: the process id of its leader, as a rule the shell of a terminal. */
const SESSION_FIELD = 3;

/** Of the start time: the 22nd field of all. */
const START_FIELD = 19;

/** Ended, but its parent has not asked for the exit code: it will never do anything again. */
const ENDED_STATES = new Set(['Z', 'X']);

/** Hexadecimal digits of the boot's id: enough to tell one boot from the next, and file names stay short. */
const BOOT_DIGITS = 12;

let self: ProcessIdentity | undefined;

/** The process that runs this. */
export function ownIdentity(): ProcessIdentity {
  self ??= identityOf(process.pid);
  return self;
}

/** @returns the process with this id, with no start where the system does not tell one */
export function identityOf(pid: number): ProcessIdentity {
  return { pid, startedAt: startOf(pid) ?? null };
}

/**
 * @returns the leader of the session of processes (setsid(2)) that this process belongs to; undefined when it has ended,
 *   is in another container, or the system does not tell (not Linux)
 */
export function sessionLeader(): ProcessIdentity | undefined {
  const stat = textOf('/proc/self/stat');
  const pid = Number(stat && fieldsOf(stat)[SESSION_FIELD]);
  const startedAt = pid > 0 ? startOf(pid) : undefined;
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/**
 * Where the system does not tell when a process started, its id alone has to do: one that was killed then counts as
 * running for as long as another process happens to have its id. Processes of another PID namespace or machine that
 * shares a directory look gone.
 */
export function isGone({ pid, startedAt }: ProcessIdentity): boolean {
  if (startedAt === null || ownIdentity().startedAt === null) return !isAlive(pid);
  return startOf(pid) !== startedAt;
}

/** @returns whether the process runs, beyond the doubt that a process id alone leaves */
export function isCertainlyRunning(identity: ProcessIdentity): boolean {
  return identity.startedAt !== null && ownIdentity().startedAt !== null && !isGone(identity);
}

export function thisMachine(): Processes {
  return { self: ownIdentity, isGone };
}

/**
 * Sends a signal to the process, and to none that has got its id since.
 * @returns false when it is gone
 * @throws the system's error (EPERM) when it may not be sent
 */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (isGone(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
    throw error;
  }
}

/** @returns the start in the text of a /proc/PID/stat, undefined if that process has ended */
export function startTicks(stat: string): string | undefined {
  const fields = fieldsOf(stat);
  return ENDED_STATES.has(fields[STATE_FIELD] ?? '') ? undefined : fields[START_FIELD];
}

/** The command's name stands in parentheses, and may contain spaces and parentheses itself. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** @returns whether a process with this id runs; another user's counts too, one that only waits to be reaped does not */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
  const stat = textOf(`/proc/${pid}/stat`);
  return stat === undefined || startTicks(stat) !== undefined;
}

function startOf(pid: number): string | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  const boot = textOf('/proc/sys/kernel/random/boot_id');
  const ticks = stat && startTicks(stat);
  return ticks && boot && `${ticks}-${boot.replaceAll('-', '').slice(0, BOOT_DIGITS)}`;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
