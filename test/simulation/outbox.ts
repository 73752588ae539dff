/** The client's disk: the outbox as commands see it. Every call is durable when it returns, as that of the real one is. */
import { OutboxKeyConflict } from '../../src/local/errors.js';
import {
  type Acceptance,
  type Delivery,
  isChange,
  type OutboxEntry,
  type OutboxOrder,
} from '../../src/local/outbox.js';
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
  /** Entries that were ever accepted. */
  count = 0;
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

  accept(order: OutboxOrder): Acceptance {
    const present = this.disk.entries.get(order.key);
    if (present) {
      this.requireFree(order);
      return { entry: this.#seen(present), isNew: false };
    }
    const entry: OutboxEntry = {
      ...order,
      acceptedAt: '2026-01-01T00:00:00.000Z',
      order: String(this.disk.count++).padStart(6, '0'),
      state: 'queued',
      owner: null,
    };
    const kept = { entry, owner: this.self };
    this.disk.entries.set(order.key, kept);
    this.disk.accepted.add(order.key);
    return { entry: this.#seen(kept), isNew: true };
  }

  requireFree(order: OutboxOrder): void {
    const present = this.disk.entries.get(order.key)?.entry;
    if (present && codeOf(present) !== codeOf(order)) throw new OutboxKeyConflict(order.key, 'code');
  }

  get(key: string): OutboxEntry | undefined {
    const kept = this.disk.entries.get(key);
    return kept && this.#seen(kept);
  }

  list(): readonly OutboxEntry[] {
    return this.#inOrder().map((kept) => this.#seen(kept));
  }

  release({ key, order }: OutboxEntry): OutboxEntry | undefined {
    const kept = this.#present(key, order);
    if (kept?.owner === this.self) this.disk.entries.set(key, { entry: kept.entry, owner: null });
    return kept?.entry;
  }

  claim({ key, order }: OutboxEntry): OutboxEntry | undefined {
    const kept = this.#present(key, order);
    if (kept === undefined || kept.owner?.alive) return undefined;
    const claimed = { entry: kept.entry, owner: this.self };
    this.disk.entries.set(key, claimed);
    return this.#seen(claimed);
  }

  remove({ key, order }: OutboxEntry): void {
    if (this.#present(key, order)) this.disk.entries.delete(key);
  }

  withdraw({ key, order }: OutboxEntry): boolean {
    const kept = this.#present(key, order);
    if (kept && kept.owner !== this.self) return false;
    this.disk.entries.delete(key);
    // Nobody was told that it was accepted.
    this.disk.accepted.delete(key);
    return true;
  }

  isWaiting({ key, order }: OutboxEntry): boolean {
    const kept = this.#present(key, order);
    return kept !== undefined && !kept.owner?.alive;
  }

  isBeingDelivered(): boolean {
    return this.disk.deliverer?.alive ?? false;
  }

  orphans(): readonly OutboxEntry[] {
    return this.#inOrder()
      .filter(({ owner }) => !owner?.alive)
      .map(({ entry }) => entry);
  }

  async withDelivery<R>(
    _destination: unknown,
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

  #inOrder(): Kept[] {
    return [...this.disk.entries.values()].sort((a, b) => (a.entry.order < b.entry.order ? -1 : 1));
  }

  #present(key: string, order: string): Kept | undefined {
    const kept = this.disk.entries.get(key);
    return kept?.entry.order === order ? kept : undefined;
  }

  #forget(): void {
    for (const [key, { owner }] of this.disk.entries) if (owner === this.self) this.disk.entries.delete(key);
  }
}

function codeOf(order: OutboxOrder): string {
  return isChange(order) ? JSON.stringify(order.patch) : order.code;
}
