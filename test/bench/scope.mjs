/**
 * What a benchmark leaves behind on the machine while it runs: processes and directories. All of it goes when the
 * benchmark ends, however it ends, the newest first.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A process that was asked to end and did not within this time is killed, in ms. */
const END_GRACE_MS = 5_000;

export class Scope {
  #releases = [];
  #closing;

  /** What comes while the scope closes is released with the rest. */
  defer(release) {
    this.#releases.push(release);
  }

  /** Runs every release, also when some of them fail. Whoever closes first, all wait for the end. */
  close() {
    this.#closing ??= this.#releaseAll();
    return this.#closing;
  }

  directory() {
    this.#requireOpen();
    const path = mkdtempSync(join(tmpdir(), 'stui-bench-'));
    this.defer(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  /** Starts a Node process that ends with this scope at the latest. */
  node(args, options) {
    this.#requireOpen();
    const child = spawn(process.execPath, args, { ...options, env: plainEnvironment(options?.env) });
    this.defer(() => end(child));
    return child;
  }

  async #releaseAll() {
    const failures = [];
    for (let release = this.#releases.pop(); release; release = this.#releases.pop()) {
      try {
        await release();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map(({ message }) => message).join('; '));
  }

  #requireOpen() {
    if (this.#closing) throw new Error('The benchmark was ended');
  }
}

/** Ends a process: TERM, then KILL. Resolves when it is gone. */
export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), END_GRACE_MS);
  await gone;
  clearTimeout(kill);
}

/** Without what would make every Node slower alike and hide the differences, or point stui at another session. */
function plainEnvironment(more = {}) {
  const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, ...rest } = process.env;
  const own = Object.entries(rest).filter(([name]) => !name.startsWith('STUI_'));
  return { ...Object.fromEntries(own), ...more };
}
