/** Two clients, each in a home of its own, that share a session of one backend over TCP. */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { BackendClient } from '../../src/client/backend-client.js';
import { childrenOf, killAtOnce } from './processes.js';
import { type Ending, type Json, type Surroundings, stui, stuiWith, temporaryHome } from './stui.js';

export class Client {
  constructor(
    readonly home: string,
    readonly session: string,
  ) {}

  run(...args: readonly string[]): Promise<Ending> {
    return this.runWith({}, ...args);
  }

  runWith(surroundings: Surroundings, ...args: readonly string[]): Promise<Ending> {
    return stuiWith(this.home, { ...surroundings, env: { STUI_SESSION: this.session } }, ...args);
  }

  /** Sets a value. @returns the document, with the exit code */
  async sets(path: string, value: string, ...flags: readonly string[]): Promise<Json> {
    const { code, json } = await this.run('workspace', 'set', path, value, '--json', ...flags);
    return { ...json, code };
  }

  async gets(path: string): Promise<Json> {
    return (await this.run('workspace', 'get', path, '--json')).json.value;
  }
}

export class SharedBackend {
  #pid: number | undefined;

  private constructor(
    readonly endpoint: string,
    readonly ann: Client,
    readonly bob: Client,
  ) {}

  static async open(): Promise<SharedBackend> {
    const homes = [temporaryHome(), temporaryHome()] as const;
    const endpoint = `tcp://127.0.0.1:${await freePort()}`;
    const { json: record } = await stui(homes[0], 'backend', 'start', '--detach', '--endpoint', endpoint, '--json');
    for (const home of homes) {
      await stui(home, 'connection', 'add', 'team', endpoint);
      await stui(home, 'connection', 'use', 'team');
    }
    const { json: session } = await stui(homes[0], 'session', 'create', 'shared', '--json');
    await share(endpoint, session.id, clientIdOf(homes[0]));
    const [ann, bob] = homes.map((home) => new Client(home, session.id)) as [Client, Client];
    const backend = new SharedBackend(endpoint, ann, bob);
    backend.#pid = record.pid;
    return backend;
  }

  async kill(): Promise<void> {
    const pid = this.#pid as number;
    await killAtOnce([pid, ...childrenOf(pid)]);
  }

  async start(): Promise<void> {
    const args = ['backend', 'start', '--detach', '--endpoint', this.endpoint, '--json'];
    this.#pid = (await stui(this.ann.home, ...args)).json.pid;
  }
}

async function share(endpoint: string, session: string, owner: string): Promise<void> {
  const client = await BackendClient.open(endpoint);
  try {
    await client.request('share_session', { session_id: session, client_id: owner });
  } finally {
    client.close();
  }
}

function clientIdOf(home: string): string {
  return readFileSync(join(home, 'data', 'client-id'), 'utf8').trim();
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
