/** System calls of a real process that fail: strace stops each at its door and answers in the kernel's stead. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { it } from '@jest/globals';

/** An error of the system, or `short`: a write that takes nothing, as one does when it is interrupted at once. */
export type Failure = 'EAGAIN' | 'EDQUOT' | 'EINTR' | 'EIO' | 'EMFILE' | 'ENFILE' | 'ENOMEM' | 'ENOSPC' | 'short';

export interface Fault {
  /** Names of system calls that do the same. */
  readonly calls: readonly string[];
  readonly failure: Failure;
  /** Which of a thread's calls fail, as strace counts them: `3` the third, `1+` all. */
  readonly when: string;
  /** Only calls on these files, where some are given. */
  readonly paths?: readonly string[];
}

/** Runs where strace can follow processes; in CI it must. Elsewhere it is skipped, and says why. */
export const itInjects = canInject() ? it : skipped();

/** @returns the command line to put before that of the process; its own children are left alone */
export function failing(fault: Fault, log: string): string[] {
  return ['strace', ...options(fault, log), '-b', 'execve', '--'];
}

/** Lets calls of a running process fail, until it is lifted. */
export class Injection {
  private constructor(
    private readonly strace: ChildProcess,
    private readonly log: string,
  ) {}

  static async into(pid: number, fault: Fault, log: string): Promise<Injection> {
    const strace = spawn('strace', [...options(fault, log), '-p', String(pid)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const lines = createInterface({ input: strace.stderr as Readable });
    const [line] = (await once(lines, 'line')) as [string];
    if (!line.includes('attached')) throw new Error(line);
    return new Injection(strace, log);
  }

  /** @returns how many calls failed */
  async lift(): Promise<number> {
    if (this.strace.exitCode === null && this.strace.signalCode === null) {
      const gone = once(this.strace, 'exit');
      this.strace.kill('SIGTERM');
      await gone;
    }
    return injectedIn(this.log).length;
  }
}

/** The calls that failed, as strace shows them. */
export function injectedIn(log: string): string[] {
  if (!existsSync(log)) return [];
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.includes('(INJECTED)'));
}

/** A call that a command made, by which it can be found again: the so-manieth of its name in the main thread. */
export interface RecordedCall {
  readonly name: string;
  readonly number: number;
}

/** @returns the command line that records calls on files */
export function recording(calls: readonly string[], log: string): string[] {
  return ['strace', '-f', '-b', 'execve', '-y', '-o', log, '-e', `trace=${calls.join(',')}`, '--'];
}

/** @returns the calls of the main thread whose arguments name something below `directory` */
export function recordedIn(log: string, directory: string): RecordedCall[] {
  const lines = readFileSync(log, 'utf8').split('\n');
  const main = lines[0]?.split(' ')[0] as string;
  const counts = new Map<string, number>();
  return lines
    .filter((line) => line.startsWith(`${main} `))
    .flatMap((line) => {
      const name = /^\d+ +(\w+)\(/.exec(line)?.[1];
      if (name === undefined) return [];
      const number = (counts.get(name) ?? 0) + 1;
      counts.set(name, number);
      return line.includes(directory) ? [{ name, number }] : [];
    });
}

function options({ calls, failure, when, paths = [] }: Fault, log: string): string[] {
  const names = calls.join(',');
  const answer = failure === 'short' ? 'retval=0' : `error=${failure}`;
  const only = paths.flatMap((path) => ['-P', path]);
  return ['-f', '-y', '-o', log, ...only, '-e', `trace=${names}`, '-e', `inject=${names}:${answer}:when=${when}`];
}

function canInject(): boolean {
  if (process.platform !== 'linux') return false;
  if (process.env['CI']) return true;
  try {
    execFileSync('strace', ['-f', '-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function skipped(): typeof it.skip {
  process.stderr.write(
    'skipping tests of system calls that fail: they need strace(1) on Linux, and to be allowed to use it\n',
  );
  return it.skip;
}
