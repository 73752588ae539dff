/** A program with the library, as the storm drives it: killed, it is started again and asked what it had not answered. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Order, Told } from './account.js';

/** What passes by itself, when a backend is back or has time: the same key is sent again. */
const PASSING = ['unreachable', 'timed-out', 'ShuttingDown', 'RateLimited'];

/** Between two attempts of what was refused for a moment, in ms. */
const AGAIN_AFTER_MS = 50;

interface Waiting {
  readonly order: Order;
  resolve(told: Told): void;
  reject(error: Error): void;
}

export class LibraryClient {
  readonly #waiting = new Map<string, Waiting>();
  #child: ChildProcess;
  #isStopped = false;

  constructor(
    private readonly endpoint: string,
    private readonly clientId: string,
  ) {
    this.#child = this.#start();
  }

  /** Resolves with the answer, however often the client, the backend or the engine died for it. */
  evaluate(order: Order): Promise<Told> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(order.key, { order, resolve, reject });
      this.#send(order);
    });
  }

  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.kill();
  }

  #start(): ChildProcess {
    const program = join(import.meta.dirname, 'program.mjs');
    const child = spawn(process.execPath, [program, this.endpoint, this.clientId], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    // What is written to a client that was killed is sent again to the next one.
    child.stdin?.on('error', () => {});
    createInterface({ input: child.stdout as Readable }).on('line', (line) => void this.#receive(JSON.parse(line)));
    child.once('close', (code) => {
      if (this.#isStopped) return;
      if (code !== null) {
        for (const { reject } of this.#waiting.values()) reject(new Error(`The library client ended with ${code}`));
        return;
      }
      this.#child = this.#start();
      for (const { order } of this.#waiting.values()) this.#send(order);
    });
    return child;
  }

  #send({ key, session, code }: Order): void {
    (this.#child.stdin as Writable).write(`${JSON.stringify({ key, session, code })}\n`);
  }

  async #receive({ key, told, error }: Answer): Promise<void> {
    const waiting = this.#waiting.get(key);
    if (!waiting) return;
    if (error && PASSING.includes(error.type)) {
      await pause(AGAIN_AFTER_MS);
      if (!this.#isStopped) this.#send(waiting.order);
      return;
    }
    this.#waiting.delete(key);
    if (told) waiting.resolve(told);
    else waiting.reject(new Error(`${key}: ${error?.type}: ${error?.message}`));
  }
}

interface Answer {
  readonly key: string;
  readonly told?: Told;
  readonly error?: { readonly type: string; readonly message: string };
}
