/** A backend put together: journal, engines, sessions, socket. Started, told to stop, and that is all. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineFactory } from '../engine/contract.js';
import { writeWhole } from '../files/durable-file.js';
import { ownIdentity } from '../files/process-identity.js';
import type { Journal } from '../journal/journal.js';
import type { DescriptorReserve } from '../process/descriptors.js';
import { BACKEND_RECORD_FILE, type BackendRecord } from '../protocol/backend-record.js';
import { Dispatcher } from './dispatcher.js';
import { createHandlers } from './handlers.js';
import type { Log } from './log.js';
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
  readonly log: Log;
  readonly descriptors: Pick<DescriptorReserve, 'use' | 'lendNow'>;
}

export class Backend {
  readonly #registry: SessionRegistry;
  readonly #router: RouterServer;
  readonly #info;
  #stopping = false;
  /** As it was told last. */
  #memoryBytes = 0;

  constructor(private readonly options: BackendOptions) {
    const { journal, engines, log } = options;
    this.#info = {
      version: options.version,
      endpoint: options.endpoint,
      dataDirectory: options.dataDirectory,
      engine: engines.name,
      startedAt: new Date(),
      stopping: () => this.#stopping,
      descriptors: () => options.descriptors.use(),
      memoryBytes: () => {
        // The system is asked through a file.
        this.#memoryBytes = options.descriptors.lendNow(() => process.memoryUsage.rss()) ?? this.#memoryBytes;
        return this.#memoryBytes;
      },
    };
    const { grants, limits } = options;
    const now = () => new Date();
    this.#registry = new SessionRegistry({ journal, engines, now, log, grants, limits });
    const workings = { registry: this.#registry, journal, uploads: new Uploads(), now };
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
      processStart: ownIdentity().startedAt,
    };
    const file = join(this.options.dataDirectory, BACKEND_RECORD_FILE);
    // A backend that stops in order takes its record away.
    const crashed = existsSync(file);
    writeWhole(file, `${JSON.stringify(record)}\n`);
    void this.#router.serve();
    await this.#registry.start({ crashed });
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
}
