/** A backend put together: journal, engines, sessions, socket. Started, told to stop, and that is all. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineFactory } from '../engine/contract.js';
import type { Journal } from '../journal/journal.js';
import { BACKEND_RECORD_FILE, type BackendRecord } from '../protocol/backend-record.js';
import { Dispatcher } from './dispatcher.js';
import { createHandlers } from './handlers.js';
import { SessionRegistry } from './registry.js';
import { RouterServer } from './router.js';
import { type Limits, STOP_DEADLINE_MS } from './settings.js';
import { Uploads } from './uploads.js';
import type { Grants } from './visibility.js';

export interface BackendOptions {
  readonly endpoint: string;
  readonly dataDirectory: string;
  readonly version: string;
  readonly journal: Journal;
  readonly engines: EngineFactory;
  readonly grants: Grants;
  readonly limits: Limits;
  readonly log: (message: string) => void;
}

export class Backend {
  readonly #registry: SessionRegistry;
  readonly #router: RouterServer;
  readonly #info;
  #stopping = false;

  constructor(private readonly options: BackendOptions) {
    const { journal, engines, log } = options;
    this.#info = {
      version: options.version,
      endpoint: options.endpoint,
      dataDirectory: options.dataDirectory,
      engine: engines.name,
      startedAt: new Date(),
      stopping: () => this.#stopping,
    };
    const { grants, limits } = options;
    const now = () => new Date();
    this.#registry = new SessionRegistry({ journal, engines, now, log, grants, limits });
    const workings = { registry: this.#registry, journal, engines, uploads: new Uploads(), now };
    const handlers = createHandlers(workings, this.#info);
    this.#router = new RouterServer(new Dispatcher(handlers, log), log);
  }

  /** Binds and serves. @returns the record that others find it by */
  async start(): Promise<BackendRecord> {
    this.#info.endpoint = await this.#router.bind(this.options.endpoint);
    const record: BackendRecord = {
      pid: process.pid,
      endpoint: this.#info.endpoint,
      version: this.options.version,
      startedAt: this.#info.startedAt.toISOString(),
    };
    await this.#writeRecord(record);
    void this.#router.serve();
    await this.#registry.start();
    return record;
  }

  /** Finishes what runs, within the deadline, then leaves nothing behind but the journal. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    await this.#registry.stop(STOP_DEADLINE_MS);
    await this.options.engines.close();
    // The answers of the last evaluations are still on their way to the socket.
    await new Promise((resolve) => setImmediate(resolve));
    await this.#router.close();
    await rm(join(this.options.dataDirectory, BACKEND_RECORD_FILE), { force: true });
    await this.options.journal.close();
  }

  async #writeRecord(record: BackendRecord): Promise<void> {
    const path = join(this.options.dataDirectory, BACKEND_RECORD_FILE);
    const temporary = `${path}.${process.pid}`;
    await writeFile(temporary, `${JSON.stringify(record)}\n`, { mode: 0o600 });
    await rename(temporary, path);
  }
}
