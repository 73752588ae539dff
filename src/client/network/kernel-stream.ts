/** Network changes as the Linux kernel announces them: within a millisecond, where polling takes a hundred. */
import type { Socket } from 'node:net';
import { signalGroup, startProcess } from '../../process/spawn.js';

export interface KernelStream {
  /** Resolves when its processes are gone. */
  stop(): Promise<void>;
}

export interface StreamListener {
  changed(lines: readonly string[]): void;
  /** It ended without having been stopped. `absent`: this machine has no such stream, trying again is of no use. */
  ended(cause: 'absent' | 'failed'): void;
}

/** Where no process can be started, it ends at once. */
export type StartStream = (listener: StreamListener) => KernelStream;

/** Time for the processes to end by themselves, in ms: they take 2. */
const STOP_LIMIT_MS = 1_000;

/** Where `ip` is on systems that leave it out of the PATH of ordinary users, as Debian does. */
const SYSTEM_DIRECTORIES = '/usr/sbin:/sbin';

/** The shell's exit status for a program that does not exist. */
const NOT_FOUND = 127;

/**
 * `ip monitor` does not notice that nobody reads it until the network changes again, so alone it would outlive us when we
 * are killed. The shell waits for the end of its stdin, which the kernel brings about however we end, and takes it along.
 * The shell closes its own stdout, so that ours ends when `ip` does.
 */
const SCRIPT = 'ip -o monitor link address route & exec >&-; read -r _; kill $!; wait $!';

/**
 * Runs `ip monitor` of iproute2. It does not keep this process alive.
 * @param path where to look for `ip`
 */
export function startIpMonitor(listener: StreamListener, path = searchPath()): KernelStream {
  let stopping: Promise<void> | undefined;
  const started = startShell(path).catch(() => undefined);

  async function run(): Promise<'absent' | 'failed'> {
    const shell = await started;
    if (shell === undefined) return 'failed';
    // A killed shell cannot have taken `ip` along.
    shell.once('exit', (_code, signal) => signal !== null && signalGroup(shell.pid, 'SIGKILL'));
    shell.stdout?.once('close', () => shell.stdin?.destroy());
    shell.stdout?.on('error', () => shell.stdout?.destroy());
    shell.stdout?.setEncoding('utf8').on('data', (text: string) => {
      // `ip` writes whole messages, one a line.
      const lines = text.split('\n').flatMap((line) => line.trim() || []);
      if (stopping === undefined && lines.length > 0) listener.changed(lines);
    });
    return new Promise((resolve) => {
      shell.once('close', (code) => resolve(code === NOT_FOUND ? 'absent' : 'failed'));
    });
  }

  const ended = run();
  void ended.then((cause) => stopping === undefined && listener.ended(cause));

  async function end(): Promise<void> {
    const shell = await started;
    if (shell === undefined) return;
    shell.stdin?.destroy();
    const limit = setTimeout(() => signalGroup(shell.pid, 'SIGKILL'), STOP_LIMIT_MS);
    await ended;
    clearTimeout(limit);
  }
  return {
    stop: () => {
      stopping ??= end();
      return stopping;
    },
  };
}

/** In a process group of its own, since a Ctrl-C that only interrupts an evaluation must not end the shell and leave `ip`. */
async function startShell(path: string) {
  const shell = await startProcess('/bin/sh', ['-c', SCRIPT], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
    cwd: '/',
    env: { PATH: path },
  });
  shell.unref();
  for (const pipe of [shell.stdin, shell.stdout]) (pipe as Socket | null)?.unref();
  return shell;
}

function searchPath(): string {
  return `${process.env['PATH'] ?? '/usr/bin:/bin'}:${SYSTEM_DIRECTORIES}`;
}
