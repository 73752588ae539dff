/** A backend run directly, without the CLI that guards it, and the wire to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterEach } from '@jest/globals';
import { Dealer } from 'zeromq';
import { DIST, type Json } from '../e2e/stui.js';

export type Reply =
  | { readonly status: 'success'; readonly result: Json }
  | { readonly status: 'error'; readonly error: string; readonly error_type: string };

interface BackendConditions {
  readonly endpoint?: string;
  /** Most that the process may have open. */
  readonly descriptors?: number;
}

/** One life of a backend. The home's owner ends it when the test is over. */
export class BackendLife {
  private constructor(
    readonly pid: number,
    readonly endpoint: string,
    readonly ended: Promise<number | null>,
    private readonly child: ChildProcess,
  ) {}

  /** @throws with what the backend says when it does not start */
  static async begin(
    home: string,
    dataDirectory = join(home, 'data', 'backend'),
    { endpoint = `ipc://${join(home, 'wire.sock')}`, descriptors }: BackendConditions = {},
  ): Promise<BackendLife> {
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    const log = openSync(logOf(home), 'a');
    const places = ['--data-dir', dataDirectory, '--cache-dir', join(home, 'cache', 'engine')];
    const limit = descriptors === undefined ? '' : `ulimit -n ${descriptors}; `;
    const words = [process.execPath, join(DIST, 'backend.cjs'), '--endpoint', endpoint, ...places];
    // With "exec" the backend is the process that we started.
    const child = spawn('/bin/sh', ['-c', `${limit}exec "$@"`, 'sh', ...words], { stdio: ['ignore', 'pipe', log] });
    closeSync(log);
    const ended = once(child, 'exit').then(([code]) => code as number | null);
    const [line] = (await once(createInterface({ input: child.stdout as Readable }), 'line')) as [string];
    const record: Json = JSON.parse(line);
    if (record.error) throw new Error(record.error.message);
    return new BackendLife(record.pid, record.endpoint, ended, child);
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }
}

export function logOf(home: string): string {
  return join(home, 'backend.log');
}

export function readLog(home: string): string {
  return readFileSync(logOf(home), 'utf8');
}

/** A DEALER that matches replies to requests. It outlives backends: libzmq connects again by itself. */
export class Wire {
  readonly #socket: Dealer;
  readonly #waiting = new Map<string, (reply: Reply) => void>();
  #sending: Promise<void> = Promise.resolve();

  constructor(endpoint: string) {
    this.#socket = new Dealer({ linger: 0, reconnectInterval: 5, reconnectMaxInterval: 20 });
    this.#socket.connect(endpoint);
    wires.push(this);
    void this.#receive();
  }

  /** Resolves when the reply comes, whichever life of the backend sends it. */
  ask(command: string, parameters: Readonly<Record<string, unknown>>): Promise<Reply> {
    const id = randomUUID();
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.send(JSON.stringify({ id, command, parameters }));
    });
  }

  /** @returns the result; throws what the backend answers otherwise */
  async result(command: string, parameters: Readonly<Record<string, unknown>>): Promise<Json> {
    const reply = await this.ask(command, parameters);
    if (reply.status === 'error') throw new Error(`${command}: ${reply.error_type}: ${reply.error}`);
    return reply.result;
  }

  /** One send at a time: zeromq.js refuses sends that overlap. */
  send(...frames: (string | Buffer)[]): void {
    this.#sending = this.#sending.then(() => this.#socket.send(frames)).catch(() => {});
  }

  close(): void {
    this.#socket.close();
  }

  async #receive(): Promise<void> {
    while (!this.#socket.closed) {
      const frames = await this.#socket.receive().catch(() => undefined);
      if (!frames) return;
      const reply: Json = JSON.parse(String(frames.at(-1)));
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    }
  }
}

const wires: Wire[] = [];

afterEach(() => {
  for (const wire of wires.splice(0)) wire.close();
});
