/** A backend and a counting client with a network of their own between them. */
import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { LinkEffect } from '../../src/client/link-state.js';
import type { Said, Task } from './network-client.js';
import { Network, SERVER_ADDRESS } from './network-namespaces.js';

export type Answer = Extract<Said, { type: 'answer' }>;
export type Recovery = Extract<LinkEffect, { type: 'recovered' }>;

/** What a world is made of. */
export interface Parts {
  /** Its own, for the journal and the client's keys. */
  readonly directory: string;
  readonly engineCache: string;
  /** Bundles to run. */
  readonly backend: string;
  readonly client: string;
  /** Between an answer and the next question, in ms. */
  readonly paceMs: number;
}

const PORT = 5_555;

export class World {
  readonly said: Said[] = [];
  readonly network = new Network();
  readonly #progress = new EventEmitter();
  #backend: ChildProcess | undefined;
  #client: ChildProcess | undefined;
  #address = SERVER_ADDRESS;

  constructor(private readonly parts: Parts) {
    mkdirSync(this.dataDirectory, { recursive: true, mode: 0o700 });
  }

  get dataDirectory(): string {
    return join(this.parts.directory, 'data');
  }

  /** The session in which the client counts. */
  get session(): string {
    return readFileSync(join(this.parts.directory, 'session'), 'utf8');
  }

  /** Keys that the client put on its disk before it sent them. */
  get asked(): string[] {
    return readFileSync(join(this.parts.directory, 'asked'), 'utf8').split('\n').filter(Boolean);
  }

  get answers(): Answer[] {
    return this.said.filter((each) => each.type === 'answer');
  }

  /** The link's account of its outages. */
  get recoveries(): Recovery[] {
    return this.said.flatMap((each) =>
      each.type === 'effect' && each.effect.type === 'recovered' ? [each.effect] : [],
    );
  }

  /** From now on the backend serves, and the client asks, another address of the server. */
  useAddress(address: string): void {
    this.#address = address;
  }

  async startBackend(): Promise<void> {
    const { backend, engineCache } = this.parts;
    const places = ['--data-dir', this.dataDirectory, '--cache-dir', engineCache];
    const command = [backend, '--endpoint', this.endpoint, ...places, '--foreground'];
    const child = this.network.start('server', process.execPath, command, { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#backend = child;
    const line = await firstLine(child);
    const { error } = JSON.parse(line) as { error?: { message: string } };
    if (error) throw new Error(`The backend did not start: ${error.message}`);
  }

  startClient(): void {
    const { client, directory, paceMs } = this.parts;
    const task: Task = { endpoint: this.endpoint, directory, paceMs };
    const command = [client, JSON.stringify(task)];
    const child = this.network.start('client', process.execPath, command, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#client = child;
    createInterface({ input: child.stdout as Readable }).on('line', (line) => {
      // A kill may cut the last line short.
      if (line.endsWith('}')) this.said.push(JSON.parse(line) as Said);
      this.#progress.emit('progress');
    });
    child.once('exit', () => this.#progress.emit('progress'));
  }

  /** Waits until the client has seen so many answers more. */
  async moreAnswers(count: number): Promise<void> {
    const wanted = this.answers.length + count;
    const client = this.#running(this.#client);
    while (this.answers.length < wanted) {
      if (client.exitCode !== null) throw new Error('The client ended');
      await once(this.#progress, 'progress');
    }
  }

  signalBackend(signal: NodeJS.Signals): void {
    this.#running(this.#backend).kill(signal);
  }

  async endBackend(signal: NodeJS.Signals): Promise<void> {
    await ended(this.#running(this.#backend), (child) => child.kill(signal));
  }

  async killClient(): Promise<void> {
    await ended(this.#running(this.#client), (child) => child.kill('SIGKILL'));
  }

  /** Lets the client see the answer it waits for. */
  async finishClient(): Promise<void> {
    await ended(this.#running(this.#client), (child) => child.stdin?.end());
  }

  async remove(): Promise<void> {
    await this.network.remove();
  }

  get endpoint(): string {
    return `tcp://${this.#address}:${PORT}`;
  }

  #running(child: ChildProcess | undefined): ChildProcess {
    if (!child) throw new Error('It was not started');
    return child;
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout as Readable });
  const [line] = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`It ended with ${code} before it said anything`))),
  ]);
  return line as string;
}

async function ended(child: ChildProcess, end: (child: ChildProcess) => void): Promise<void> {
  const closed = once(child, 'close');
  end(child);
  await closed;
}
