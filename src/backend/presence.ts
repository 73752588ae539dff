/** Who stays with a session now: clients that attached and were heard of since, each with a lease. */

/** What a client did between coming and going. */
export interface Stay {
  readonly client: string;
  readonly connectedMs: number;
  readonly outages: number;
  readonly outageMs: number;
}

interface Guest {
  readonly since: number;
  heardAt: number;
  outages: number;
  outageMs: number;
  /** When its lease was found to be over, though it may only be that nobody had time: the backend may have been stopped, too. */
  doubtedAt?: number | undefined;
}

/** Renewals come several times a lease: one that does not come in this long, while there was time, is not to come; in ms. */
const DOUBT_MS = 10_000;

export class Presence {
  readonly #guests = new Map<string, Guest>();

  /** @param leaseMs time after which a client that was not heard of is taken for gone */
  constructor(private readonly leaseMs: number) {}

  /** @param outageMs an outage that the client survived since it attached last, in ms */
  attach(client: string, now: number, outageMs?: number): void {
    const guest = this.#guests.get(client) ?? { since: now, heardAt: now, outages: 0, outageMs: 0 };
    guest.heardAt = now;
    guest.doubtedAt = undefined;
    if (outageMs !== undefined) {
      guest.outages += 1;
      guest.outageMs += outageMs;
    }
    this.#guests.set(client, guest);
  }

  isHere(client: string): boolean {
    return this.#guests.has(client);
  }

  /** Time that those who are here have stayed so far, in ms. */
  connectedMs(client: string): number {
    const guest = this.#guests.get(client);
    return guest ? guest.heardAt - guest.since : 0;
  }

  get clients(): readonly string[] {
    return [...this.#guests.keys()];
  }

  /** @returns the stay that ends, if there was one */
  detach(client: string, now: number): Stay | undefined {
    const guest = this.#guests.get(client);
    if (!guest) return undefined;
    this.#guests.delete(client);
    return stayOf(client, guest, now);
  }

  /**
   * Ends the stays of all that were not heard of for a lease, nor for a while after that was first found out, as of when they
   * were.
   */
  expire(now: number): Stay[] {
    const overdue = [...this.#guests].filter(([, { heardAt }]) => now - heardAt > this.leaseMs);
    const gone = overdue.filter(([, { doubtedAt }]) => doubtedAt !== undefined && now - doubtedAt >= DOUBT_MS);
    for (const [, guest] of overdue) guest.doubtedAt ??= now;
    for (const [client] of gone) this.#guests.delete(client);
    return gone.map(([client, guest]) => stayOf(client, guest, guest.heardAt));
  }

  /** Ends all stays. */
  clear(now: number): Stay[] {
    return this.clients.flatMap((client) => this.detach(client, now) ?? []);
  }
}

function stayOf(client: string, { since, outages, outageMs }: Guest, until: number): Stay {
  return { client, connectedMs: Math.max(0, until - since), outages, outageMs };
}
