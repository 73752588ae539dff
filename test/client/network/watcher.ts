/** A process in a test network that watches it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { EventEmitter, on, once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterwards, temporaryDirectory } from '../../local/temporary.js';

export type Source = 'stream' | 'polling' | 'both';

interface Message {
  readonly at?: number;
  readonly type?: string;
  readonly detail?: string;
  readonly ready?: true;
  readonly stopped?: true;
}

let bundle: string | undefined;

/** Milliseconds of the clock that the watcher's times are of. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export class Watcher {
  readonly messages: Message[] = [];
  readonly ended: Promise<unknown>;
  readonly #process: ChildProcess;
  readonly #arrivals = new EventEmitter();

  /** Resolves when it watches. */
  static async start(source: Source, namespace?: string): Promise<Watcher> {
    const watcher = new Watcher(source, namespace);
    await watcher.message('ready', ({ ready }) => ready === true);
    return watcher;
  }

  private constructor(source: Source, namespace: string | undefined) {
    const command = [process.execPath, bundled(), source];
    const [program = '', ...args] = namespace === undefined ? command : ['ip', 'netns', 'exec', namespace, ...command];
    this.#process = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    // A test that fails leaves it behind.
    afterwards(() => this.#process.kill('SIGKILL'));
    this.ended = once(this.#process, 'exit').then(([code, signal]) => signal ?? code);
    const output = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream });
    output.on('line', (line) => {
      this.messages.push(JSON.parse(line));
      this.#arrivals.emit('message');
    });
    output.on('close', () => this.#arrivals.emit('close'));
  }

  /** The process itself: `ip netns exec` has become it. */
  get pid(): number {
    return this.#process.pid as number;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** The first event since `since` that names `detail`. */
  event(since: number, detail: RegExp): Promise<Message> {
    return this.message(
      `an event that matches ${detail}`,
      (message) => (message.at ?? 0) >= since && detail.test(message.detail ?? ''),
    );
  }

  async message(what: string, matches: (message: Message) => boolean): Promise<Message> {
    const found = () => this.messages.find(matches);
    const first = found();
    if (first !== undefined) return first;
    for await (const _ of on(this.#arrivals, 'message', { close: ['close'] })) {
      const next = found();
      if (next !== undefined) return next;
    }
    throw new Error(`the watcher ended without ${what}: ${JSON.stringify(this.messages)}`);
  }

  /** Its children that have ended and that it has not waited for. */
  zombies(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => {
        const { state, parent } = statusOf(pid);
        return state === 'Z' && parent === this.pid;
      });
  }
}

function statusOf(pid: number): { state?: string | undefined; parent?: number } {
  try {
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return { state, parent: Number(parent) };
  } catch {
    // It has ended meanwhile.
    return {};
  }
}

function bundled(): string {
  if (bundle !== undefined) return bundle;
  const outfile = join(temporaryDirectory(), 'watching.mjs');
  execFileSync(resolve('node_modules/.bin/esbuild'), [
    resolve('test/client/network/children/watching.ts'),
    '--bundle',
    '--platform=node',
    '--format=esm',
    '--log-level=error',
    `--outfile=${outfile}`,
  ]);
  bundle = outfile;
  return outfile;
}
