/** Runs the scripts of children/ in processes of their own, bundled as the CLI is. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { afterwards, temporaryDirectory } from './temporary.js';

const bundles = new Map<string, string>();

/** `require` for the CommonJS packages inside an ES module bundle. */
const BANNER = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

/** @param external packages that are left out of the bundle: importing one fails, there is no node_modules beside it */
export function bundle(script: string, external: readonly string[] = []): string {
  const key = [script, ...external].join(' ');
  const existing = bundles.get(key);
  if (existing !== undefined) return existing;
  const outfile = join(temporaryDirectory(), `${script}.mjs`);
  execFileSync(resolve('node_modules/.bin/esbuild'), [
    resolve(`test/local/children/${script}.ts`),
    '--bundle',
    '--platform=node',
    '--format=esm',
    '--log-level=error',
    `--banner:js=${BANNER}`,
    `--outfile=${outfile}`,
    ...external.map((name) => `--external:${name}`),
  ]);
  bundles.set(key, outfile);
  return outfile;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
}

export class Child {
  readonly lines: string[] = [];
  private readonly process: ChildProcess;
  private readonly output: Interface;
  private readonly ended: Promise<Ended>;

  constructor(bundlePath: string, args: readonly string[]) {
    this.process = spawn(process.execPath, [bundlePath, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    // A test that fails leaves its children behind.
    afterwards(() => this.process.kill('SIGKILL'));
    this.output = createInterface({ input: this.process.stdout as NodeJS.ReadableStream });
    this.output.on('line', (line) => this.lines.push(line));
    this.ended = Promise.all([once(this.process, 'close'), once(this.output, 'close')]).then(([[code, signal]]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      lines: this.lines,
    }));
  }

  /** Resolves when the child has printed `count` lines; rejects if it ends before that. */
  async printed(count: number): Promise<void> {
    while (this.lines.length < count) {
      const ended = await Promise.race([this.ended, once(this.output, 'line')]);
      if (!Array.isArray(ended) && this.lines.length < count) throw new Error('the child ended too early');
    }
  }

  kill(): Promise<Ended> {
    this.process.kill('SIGKILL');
    return this.ended;
  }

  end(): Promise<Ended> {
    return this.ended;
  }
}
