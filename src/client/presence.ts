/** Says for a program that goes on that its client stays with sessions, until it leaves. Failing at that never fails it. */
import { ProtocolError } from '../protocol/errors.js';
import type { BackendClient } from './backend-client.js';
import type { LinkRuntime } from './link.js';

/** The lease is renewed so many times before it would end: two renewals may get lost. */
const RENEWALS_A_LEASE = 3;

/** However long a lease is, in ms: a timer has its limits, and then fires at once. */
const LONGEST_PAUSE_MS = 3_600_000;

/** A renewal that got no answer is tried again after this long, in ms: well within the lease. */
const RETRY_MS = 5_000;

/** Whoever ends the program waits for the goodbye; without it the lease ends by itself. In ms. */
const GOODBYE_MS = 300;

interface Stay {
  /** Outages that the backend was not told of, in ms together. */
  outageMs: number;
  /** The backend knows that the client is here. */
  known: boolean;
  /** Resolves when the backend has answered whether it does; undefined while it is not being told. */
  arriving: Promise<void> | undefined;
  cancelRenewal: () => void;
}

/** Asks the backend on behalf of a client. */
export interface PresentClient {
  readonly clientId: string;
  ask: BackendClient['request'];
}

export interface PresenceOptions {
  readonly client: PresentClient;
  readonly sessions: readonly string[];
  readonly after: LinkRuntime['after'];
}

export class Presence {
  readonly #stays: ReadonlyMap<string, Stay>;
  #left = false;

  constructor(private readonly options: PresenceOptions) {
    this.#stays = new Map(
      options.sessions.map((session) => [
        session,
        { outageMs: 0, known: false, arriving: undefined, cancelRenewal: () => {} },
      ]),
    );
  }

  /** Says that the client is here, and says it again before the lease ends. */
  arrive(): void {
    for (const [session, stay] of this.#stays) this.#attach(session, stay);
  }

  /** Nothing is renewed while the link is down: a question that waits would hurry the link for nobody. */
  linkLost(): void {
    for (const stay of this.#stays.values()) {
      stay.cancelRenewal();
      stay.known = false;
    }
  }

  /** The link is back after an outage of `outageMs`. */
  linkBack(outageMs: number): void {
    for (const stay of this.#stays.values()) stay.outageMs += outageMs;
    this.arrive();
  }

  /** Says goodbye, where the backend knows the client, or is being told of it, and answers at once. */
  async leave(): Promise<void> {
    if (this.#left) return;
    this.end();
    await Promise.allSettled([...this.#stays].map(([session, stay]) => this.#sayGoodbye(session, stay)));
  }

  /** Nothing is said any more, not even goodbye. */
  end(): void {
    this.#left = true;
    for (const stay of this.#stays.values()) stay.cancelRenewal();
  }

  async #sayGoodbye(session_id: string, stay: Stay): Promise<void> {
    const { client, after } = this.options;
    // Said before the arrival was taken note of, it would leave the client listed for a lease.
    if (stay.arriving) await settledWithin(GOODBYE_MS, stay.arriving, after);
    if (stay.known) await client.ask('detach_client', { session_id, client_id: client.clientId }, GOODBYE_MS);
  }

  #attach(session: string, stay: Stay): void {
    stay.cancelRenewal();
    if (this.#left) return;
    const arriving = this.#tell(session, stay).finally(() => {
      if (stay.arriving === arriving) stay.arriving = undefined;
    });
    stay.arriving = arriving;
  }

  async #tell(session_id: string, stay: Stay): Promise<void> {
    const { client, after } = this.options;
    const { outageMs } = stay;
    stay.outageMs = 0;
    try {
      const { lease_ms } = await client.ask('attach_client', {
        session_id,
        client_id: client.clientId,
        ...(outageMs > 0 && { outage_ms: Math.round(outageMs) }),
      });
      stay.known = true;
      if (this.#left) return;
      stay.cancelRenewal();
      const pauseMs = Math.min(lease_ms / RENEWALS_A_LEASE, LONGEST_PAUSE_MS);
      stay.cancelRenewal = after(pauseMs, () => this.#attach(session_id, stay));
    } catch (error) {
      // An older backend knows no presence, and a session can be gone. What got lost on the way is said after the outage.
      if (error instanceof ProtocolError) return;
      stay.outageMs += outageMs;
      if (!this.#left) stay.cancelRenewal = after(RETRY_MS, () => this.#attach(session_id, stay));
    }
  }
}

/** Resolves when `work` has ended, or the time is over. */
function settledWithin(ms: number, work: Promise<unknown>, after: LinkRuntime['after']): Promise<void> {
  return new Promise((resolve) => {
    const cancel = after(ms, resolve);
    const done = () => {
      cancel();
      resolve();
    };
    work.then(done, done);
  });
}
