/** The built CLI as a child process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll } from '@jest/globals';

export const LAUNCHER = resolve('bin/stui.cjs');

export interface Ending {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a Node process that sees nothing of this machine's own stui. */
export function start(args: readonly string[], env: Record<string, string>) {
  const { PATH, HOME } = process.env;
  return spawn(process.execPath, args, { env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
}

export async function finished(child: ReturnType<typeof start>): Promise<Ending> {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [exitCode] = await once(child, 'close');
  return { exitCode, stdout, stderr };
}

/** Runs a command line of stui to its end. */
export function stui(args: readonly string[], env: Record<string, string>): Promise<Ending> {
  return finished(start([LAUNCHER, ...args], env));
}

const homes: string[] = [];

afterAll(() => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

/** A directory for STUI_HOME, removed when the tests of the file have ended. */
export function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'stui-cli-'));
  homes.push(home);
  return home;
}
