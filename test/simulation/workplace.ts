/** What a command works with: its connection and its outbox, in a simulated world. The client and its link are the real ones. */
import { BackendClient } from '../../src/client/backend-client.js';
import type { LinkRuntime } from '../../src/client/link.js';
import type { LinkEffect } from '../../src/client/link-state.js';
import type { InterimReply } from '../../src/protocol/envelope.js';
import type { Workplace } from '../../src/service/workplace.js';
import type { Path } from './network.js';
import { type ClientDisk, SimulatedOutbox } from './outbox.js';
import type { Process } from './process.js';
import type { World } from './world.js';

const ENDPOINT = 'tcp://simulated:1';

/** Who lost a backend comes back within this, in ms. */
const RECONNECT_WITHIN_MS = 200;

/** @returns a workplace in which the services of src/service run as they are */
export function simulatedWorkplace(world: World, path: Path, process: Process, disk: ClientDisk): Workplace {
  const place = new SimulatedWorkplace(world, path, process, disk);
  // The class has private members, which no other one can have; of its public ones the services use these.
  return place satisfies Pick<
    Workplace,
    'ask' | 'client' | 'reconnect' | 'remember' | 'warn' | 'connection' | 'destination' | 'clientId'
  > as unknown as Workplace;
}

class SimulatedWorkplace {
  readonly connection = 'simulated';
  readonly destination = { connection: this.connection, endpoint: ENDPOINT };
  readonly outbox: SimulatedOutbox;
  readonly clientId: string;
  #client: Promise<BackendClient> | undefined;
  #recoveredAt = 0;

  constructor(
    private readonly world: World,
    private readonly path: Path,
    private readonly process: Process,
    disk: ClientDisk,
  ) {
    this.clientId = path.name;
    this.outbox = new SimulatedOutbox(disk, process, world.variant.forgetfulOutbox ?? false);
    process.onEnd(() => void this.close());
  }

  ask: Workplace['ask'] = async (command, parameters, timeoutMs, onInterim) => {
    const client = await this.client();
    const told = (reply: InterimReply) => {
      if (reply.status === 'accepted') this.#mustBeDurable(reply);
      onInterim?.(reply);
    };
    return client.request(command, parameters, timeoutMs, told);
  };

  client(): Promise<BackendClient> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  async remember(): Promise<void> {}

  warn(message: string): void {
    this.world.note(`${this.path.name} is warned: ${message}`);
  }

  async reconnect(): Promise<void> {
    await this.close();
    await this.process.sleep(this.world.random.delay(1, RECONNECT_WITHIN_MS));
  }

  async close(): Promise<void> {
    const client = await this.#client;
    client?.close();
    this.#client = undefined;
  }

  #connect(): Promise<BackendClient> {
    const { world, path, process } = this;
    const { scheduler, random, network, conditions } = world;
    const runtime: LinkRuntime = {
      now: () => scheduler.now,
      random: () => random.next(),
      after: process.after,
      openLane: (_, connectTimeoutMs, listener) => network.openLane(path, process, connectTimeoutMs, listener),
      probe: async () => undefined,
    };
    const client = BackendClient.open(ENDPOINT, {
      timing: conditions.timing,
      runtime,
      onEffect: (effect) => this.#checkOutage(effect),
    });
    void client.then((opened) => world.clientOpened(opened, process));
    return client;
  }

  #checkOutage(effect: LinkEffect): void {
    if (effect.type !== 'recovered' || !this.process.alive) return;
    const { outage, until } = effect;
    this.world.note(`${this.path.name} recovered from ${outage.cause} after ${outage.attempts} attempts`);
    const isOrdered = this.#recoveredAt <= outage.since && outage.since <= until && until === this.world.scheduler.now;
    if (outage.attempts < 1 || !isOrdered) {
      this.world.violated(
        `the account of an outage is wrong: ${JSON.stringify({ outage, until, before: this.#recoveredAt })}`,
      );
    }
    this.#recoveredAt = until;
  }

  #mustBeDurable({ result }: InterimReply): void {
    const { key, session } = result as { key: string; session: string };
    if (!this.process.alive || this.world.disk.journal.findByKey(key, session).length > 0) return;
    this.world.violated(`${key} was told to be accepted and is not in the journal`);
  }
}
