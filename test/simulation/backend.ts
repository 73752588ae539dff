/** One process of the backend: the real dispatcher, handlers, registry and sessions, on a simulated world. */
import { Dispatcher } from '../../src/backend/dispatcher.js';
import { createHandlers } from '../../src/backend/handlers.js';
import { SessionRegistry } from '../../src/backend/registry.js';
import { STOP_DEADLINE_MS } from '../../src/backend/settings.js';
import { Uploads } from '../../src/backend/uploads.js';
import { SimulatedJournal } from './disk.js';
import { simulatedFactory } from './engine.js';
import type { Server } from './network.js';
import { Process } from './process.js';
import type { World } from './world.js';

/** When simulated time begins. */
const EPOCH = Date.UTC(2026, 0, 1);

export class BackendProcess implements Server {
  readonly process: Process;
  readonly registry: SessionRegistry;
  readonly #dispatcher: Dispatcher;
  #stopping = false;

  constructor(private readonly world: World) {
    const { scheduler, variant, disk } = world;
    this.process = new Process(scheduler);
    this.process.onEnd(() => world.backendEnded());
    const kept = new SimulatedJournal(world, this.process);
    const journal = variant.journal?.(kept) ?? kept;
    const now = () => new Date(EPOCH + scheduler.now);
    const log = (message: string) => world.note(`log: ${message.split('\n', 1)[0]}`);
    const started = simulatedFactory(world, this.process);
    const engines = variant.engines?.(started) ?? started;
    const monotonicMs = () => scheduler.now;
    this.registry = new SessionRegistry({ journal, engines, now, monotonicMs, after: this.process.after, log });
    const info = {
      version: '0',
      endpoint: 'tcp://simulated:1',
      dataDirectory: '',
      engine: engines.name,
      startedAt: now(),
      stopping: () => this.#stopping,
      descriptors: () => ({ limit: null, used: null, reserved: 0 }),
      memoryBytes: () => 0,
    };
    const handlers = createHandlers({ registry: this.registry, journal, uploads: new Uploads(), now }, info);
    this.#dispatcher = new Dispatcher(variant.handlers?.(handlers, disk) ?? handlers, log);
  }

  async start(): Promise<void> {
    this.world.note('backend starts');
    this.world.network.server = this;
    try {
      await this.registry.start({ crashed: true });
    } catch (error) {
      this.world.note(`backend cannot start: ${(error as Error).message}`);
      this.crash();
    }
  }

  receive(frame: Buffer, reply: (frame: string) => void): void {
    const send = (answer: object) => {
      if (!this.process.alive) return;
      reply(JSON.stringify(answer));
      this.world.step('the backend replies');
    };
    void this.#dispatcher.dispatch(frame, send).then(send);
  }

  crash(): void {
    if (!this.process.alive) return;
    this.world.note('backend ends');
    this.process.end();
  }

  async stop(): Promise<void> {
    if (this.#stopping || !this.process.alive) return;
    this.world.note('backend stops');
    this.#stopping = true;
    await this.registry.stop(STOP_DEADLINE_MS);
    this.crash();
  }
}
