/** Whether a process still runs. */
import { readFileSync } from 'node:fs';
import { systemCode } from './system-error.js';

/** @returns whether a process with this id runs; another user's counts too, one that only waits to be reaped does not */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/** A killed process whose parent never asks for its exit code still has its id; where /proc is missing nobody can tell. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The state stands behind the command's name, which is in parentheses and may contain any character.
    return stat.charAt(stat.lastIndexOf(')') + 2) === 'Z';
  } catch {
    return false;
  }
}
