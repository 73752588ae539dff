/** Other processes, as /proc shows them: who belongs to a home, who is whose child, who is gone. */
import { readdirSync, readFileSync } from 'node:fs';
import { until } from './until.js';

interface ProcessRecord {
  readonly pid: number;
  readonly parent: number;
  readonly commandLine: string;
}

/** Processes whose command line holds `text`, such as the path of a temporary home. */
export function processesNaming(text: string): number[] {
  return all()
    .filter(({ commandLine }) => commandLine.includes(text))
    .map(({ pid }) => pid);
}

export function childrenOf(pid: number): number[] {
  return all()
    .filter(({ parent }) => parent === pid)
    .map((child) => child.pid);
}

export function runs(pid: number): boolean {
  return recordOf(pid) !== undefined;
}

export async function whenGone(pids: readonly number[]): Promise<void> {
  await until(`the end of the processes ${pids.join(', ')}`, () => !pids.some(runs));
}

/** Kills processes at once, without a chance to say anything, and waits until they are gone. */
export async function killAtOnce(pids: readonly number[]): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGKILL');
  await whenGone(pids);
}

/** Sends a signal to a process that may have ended by itself. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function all(): ProcessRecord[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => recordOf(Number(name)) ?? []);
}

function recordOf(pid: number): ProcessRecord | undefined {
  try {
    // The name of the program stands in parentheses and may hold anything, parentheses too.
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    // A zombie is gone, whatever signal 0 says: its parent only has not asked for its exit code yet. But while it still
    // has other threads, its files are open and locked.
    if ((state === 'Z' || state === 'X') && readdirSync(`/proc/${pid}/task`).length <= 1) return undefined;
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return { pid, parent: Number(parent), commandLine };
  } catch {
    // It ended between the listing and now.
    return undefined;
  }
}
