/** The client's disk: the outbox as commands see it. Every call is durable when it returns, as that of the real one is. */
import type { Delivery, OutboxEntry, OutboxOrder } from '../../src/local/outbox.js';
import type { Process } from './process.js';

/** How often a process looks whether another one still delivers, in ms. */
const DELIVERY_LOOK_MS = 50;

/** Of every process but the one that looks. */
const OTHER_PID = 0;

interface Kept {
  readonly entry: OutboxEntry;
  readonly owner: Process | null;
}

export class ClientDisk {
  readonly entries = new Map<string, Kept>();
  /** Keys that were ever accepted into the outbox and not withdrawn with an error. */
  readonly accepted = new Set<string>();
  deliverer: Process | undefined;
}

/** The outbox in the hands of one process. */
export class SimulatedOutbox {
  constructor(
    private readonly disk: ClientDisk,
    private readonly self: Process,
    forgetful: boolean,
  ) {
    if (forgetful) self.onEnd(() => this.#forget());
  }

  add(order: OutboxOrder): OutboxEntry {
    const present = this.disk.entries.get(order.key);
    if (present) return this.#seen(present);
    const entry: OutboxEntry = {
      ...order,
      acceptedAt: '2026-01-01T00:00:00.000Z',
      order: String(this.disk.accepted.size).padStart(6, '0'),
      state: 'queued',
      owner: null,
    };
    const kept = { entry, owner: this.self };
    this.disk.entries.set(order.key, kept);
    this.disk.accepted.add(order.key);
    return this.#seen(kept);
  }

  get(key: string): OutboxEntry | undefined {
    const kept = this.disk.entries.get(key);
    return kept && this.#seen(kept);
  }

  release(key: string): OutboxEntry {
    const { entry } = this.disk.entries.get(key) as Kept;
    this.disk.entries.set(key, { entry, owner: null });
    return entry;
  }

  remove(key: string): void {
    this.disk.entries.delete(key);
  }

  orphans(): readonly OutboxEntry[] {
    return [...this.disk.entries.values()].filter(({ owner }) => !owner?.alive).map(({ entry }) => entry);
  }

  async withDelivery<R>(
    _connection: string,
    work: () => Promise<R>,
    { waitMs }: { waitMs: number },
  ): Promise<Delivery<R>> {
    for (let waited = 0; this.disk.deliverer?.alive; waited += DELIVERY_LOOK_MS) {
      if (waited >= waitMs) return { ran: false };
      await this.self.sleep(DELIVERY_LOOK_MS);
    }
    this.disk.deliverer = this.self;
    try {
      return { ran: true, value: await work() };
    } finally {
      this.disk.deliverer = undefined;
    }
  }

  /** The operating system runs all of the simulated processes as one; each has to find its own entries nevertheless. */
  #seen({ entry, owner }: Kept): OutboxEntry {
    if (!owner) return entry;
    const pid = owner === this.self ? process.pid : OTHER_PID;
    return { ...entry, state: 'sending', owner: { pid, startedAt: null } };
  }

  #forget(): void {
    for (const [key, { owner }] of this.disk.entries) if (owner === this.self) this.disk.entries.delete(key);
  }
}
