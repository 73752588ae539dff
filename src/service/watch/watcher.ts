/** Watches one connection: keeps its link, and after every interruption brings back what it is for. */
import { BackendClient } from '../../client/backend-client.js';
import { type LinkRuntime, REAL_RUNTIME } from '../../client/link.js';
import type { LinkEffect, LinkEvent, LinkState, Outage, Phase } from '../../client/link-state.js';
import { Presence } from '../../client/presence.js';
import type { LinkTiming } from '../../client/timing.js';
import { ProtocolError } from '../../protocol/errors.js';
import type { Workplace } from '../workplace.js';
import { AuditedDelivery } from './audited-delivery.js';
import type { DeliveryAccount, OutageEvent, RestoredSession, WatchEvent } from './event.js';

export interface WatcherOptions {
  readonly workplace: Workplace;
  /** Sessions to restore after an interruption. */
  readonly sessions: readonly string[];
  readonly timing: LinkTiming;
  /** A mere look restores and delivers nothing. */
  readonly onlyLooks?: boolean;
  readonly onEvent: (event: WatchEvent) => void;
  readonly runtime?: LinkRuntime;
}

/** Totals since the watch began. */
export interface WatchTotals {
  readonly outages: number;
  readonly outageMs: number;
  readonly attempts: number;
}

/** The backend answers. */
export const UP: ReadonlySet<Phase> = new Set(['healthy', 'degraded', 'busy', 'restoring']);

/** An interruption that is over; null stands for the time before the first answer, which is none. */
type Return = { readonly outage: Outage; readonly until: number } | null;

const NOTHING_DELIVERED: DeliveryAccount = {
  deliveredLate: 0,
  answeredFromJournal: 0,
  unknown: 0,
  refused: 0,
  lost: 0,
};

export class Watcher {
  readonly connection: string;
  readonly endpoint: string;
  readonly #runtime: LinkRuntime;
  readonly #delivery: AuditedDelivery;
  readonly #presence: Presence;
  #client: BackendClient | undefined;
  #phase: Phase = 'idle';
  #since: number;
  #upSince: number | undefined;
  #met = false;
  #bringingBack = false;
  #next: { readonly from: Return } | undefined;
  #lastOutage: OutageEvent | undefined;
  #totals: WatchTotals = { outages: 0, outageMs: 0, attempts: 0 };
  #outbox = 0;
  #outboxTrouble: string | undefined;
  #stopped = false;

  constructor(private readonly options: WatcherOptions) {
    this.connection = options.workplace.connection;
    this.endpoint = options.workplace.endpoint;
    this.#runtime = options.runtime ?? REAL_RUNTIME;
    this.#since = this.#runtime.now();
    this.#delivery = new AuditedDelivery(options.workplace);
    this.#presence = new Presence({
      client: options.workplace,
      // A mere look stays with none.
      sessions: options.onlyLooks ? [] : options.sessions,
      after: this.#runtime.after,
    });
  }

  async start(): Promise<void> {
    const { timing, workplace } = this.options;
    const onEffect = (effect: LinkEffect, state: LinkState) => this.#took(effect, state);
    this.#client = await BackendClient.open(this.endpoint, { timing, runtime: this.#runtime, onEffect });
    workplace.use(this.#client);
  }

  /** Tells the backend, where it answers at once, that this client leaves its sessions. */
  async leave(): Promise<void> {
    await this.#presence.leave();
  }

  /** No event follows. */
  stop(): void {
    this.#stopped = true;
    this.#presence.linkLost();
    this.#client?.close();
  }

  tell(event: LinkEvent): void {
    this.#client?.tell(event);
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Null while the backend does not answer. */
  get latencyMs(): number | null {
    const link = this.#client?.link;
    return link === undefined || link.primary === null ? null : (link.roundTrip?.smoothed ?? null);
  }

  /** How long the link has been in its phase, in ms. */
  get inPhaseMs(): number {
    return this.#runtime.now() - this.#since;
  }

  /** How long the backend has answered without an interruption, in ms; null while it does not. */
  get upMs(): number | null {
    return this.#upSince === undefined ? null : this.#runtime.now() - this.#upSince;
  }

  get attempts(): number {
    return this.#client?.link.outage?.attempts ?? this.#client?.link.failures ?? 0;
  }

  get retryInMs(): number | null {
    return this.#fromNow(this.#client?.link.retryAt ?? null);
  }

  /** Evaluations accepted on this machine that no backend has yet, as far as the outbox can be read. */
  get outbox(): number {
    try {
      this.#outbox = this.options.workplace.outbox.list(this.options.workplace.destination).length;
      this.#outboxTrouble = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#outboxTrouble) this.#trouble(error as Error);
      this.#outboxTrouble = message;
    }
    return this.#outbox;
  }

  get lastOutage(): OutageEvent | undefined {
    return this.#lastOutage;
  }

  get totals(): WatchTotals {
    return this.#totals;
  }

  #took(effect: LinkEffect, state: LinkState): void {
    if (effect.type === 'open') this.#totals = { ...this.#totals, attempts: this.#totals.attempts + 1 };
    if (effect.type === 'recovered') {
      const { outage, until } = effect;
      this.#presence.linkBack(until - outage.since);
      this.#bringBackLater({ outage, until });
    }
    if (effect.type === 'phase') this.#entered(effect, state);
  }

  #entered({ from, to }: { from: Phase; to: Phase }, state: LinkState): void {
    this.#phase = to;
    this.#since = this.#runtime.now();
    if (!UP.has(to)) this.#upSince = undefined;
    else this.#upSince ??= this.#since;
    this.#tell({
      type: 'phase',
      ...this.#about(),
      from,
      to,
      latencyMs: this.latencyMs,
      attempts: this.attempts,
      retryInMs: this.#fromNow(state.retryAt),
      outbox: this.outbox,
    });
    // What is under way begins anew after the recovery. Waiting for that here would keep other commands from the outbox.
    if (to === 'lost') {
      this.#presence.linkLost();
      this.#client?.abandon('the link was lost');
    }
    if (this.#met || !UP.has(to)) return;
    this.#met = true;
    this.#presence.arrive();
    this.#bringBackLater(null);
  }

  /** One at a time. Of several that wait for one under way only the last has something to bring back. */
  #bringBackLater(from: Return): void {
    if (this.options.onlyLooks) return;
    const superseded = this.#next?.from;
    this.#next = { from };
    if (superseded) this.#account(superseded, [], NOTHING_DELIVERED, false);
    if (!this.#bringingBack) void this.#bringBackAll();
  }

  async #bringBackAll(): Promise<void> {
    this.#bringingBack = true;
    while (this.#next !== undefined && !this.#stopped) {
      const { from } = this.#next;
      this.#next = undefined;
      await this.#bringBack(from);
    }
    this.#bringingBack = false;
    this.tell({ type: 'restored' });
  }

  async #bringBack(from: Return): Promise<void> {
    const sessions: RestoredSession[] = [];
    let delivered = NOTHING_DELIVERED;
    let complete = false;
    try {
      // Before the first answer nothing was interrupted, yet an earlier command may have left something in the outbox.
      if (from) for (const session of this.options.sessions) sessions.push(...(await this.#restored(session)));
      delivered = await this.#delivery.deliver();
      complete = true;
    } catch (error) {
      this.#trouble(error as Error);
    }
    if (from) this.#account(from, sessions, delivered, complete);
    else if (Object.values(delivered).some((count) => count > 0)) {
      this.#tell({ type: 'delivery', ...this.#about(), ...delivered });
    }
  }

  async #restored(session_id: string): Promise<RestoredSession[]> {
    const { workplace } = this.options;
    try {
      const { session } = await workplace.ask('get_session_info', { session_id });
      // A session that was closed was closed by somebody; opening it is theirs to do.
      if (session.state === 'closed') return [];
      const { report } = await workplace.ask('restore_session', { session_id, client_id: workplace.clientId });
      const { name, revision, bindings, lost } = report;
      return [{ session: report.session, name, revision, bindings: bindings.length - lost.length, lost }];
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#trouble(error);
      return [];
    }
  }

  #account(
    { outage, until }: NonNullable<Return>,
    sessions: readonly RestoredSession[],
    delivered: DeliveryAccount,
    complete: boolean,
  ): void {
    const durationMs = until - outage.since;
    this.#totals = {
      ...this.#totals,
      outages: this.#totals.outages + 1,
      outageMs: this.#totals.outageMs + durationMs,
    };
    const { cause, attempts } = outage;
    const about = this.#about();
    this.#lastOutage = { type: 'outage', ...about, cause, durationMs, attempts, ...delivered, sessions, complete };
    this.#tell(this.#lastOutage);
  }

  #trouble({ message }: Error): void {
    this.#tell({ type: 'trouble', ...this.#about(), message });
  }

  #tell(event: WatchEvent): void {
    if (!this.#stopped) this.options.onEvent(event);
  }

  #about() {
    return {
      connection: this.connection,
      endpoint: this.endpoint,
      time: new Date().toISOString(),
      monotonicMs: this.#runtime.now(),
    };
  }

  #fromNow(at: number | null): number | null {
    return at === null ? null : Math.max(0, at - this.#runtime.now());
  }
}
