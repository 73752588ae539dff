/** Who is with a session, who was seen in it, and what is due when nobody is: notice, expiry, being an orphan. */
import type { ClientInfo } from '../protocol/documents.js';
import { BACKEND, type EntryBody } from '../session/entry.js';
import type { SessionState } from '../session/state.js';
import { type IdleClocks, Idleness } from './idleness.js';
import { Presence, type Stay } from './presence.js';
import * as settings from './settings.js';

/** What attendance is taken of. */
export interface AttendedSession extends IdleClocks {
  readonly state: SessionState;
  append(client: string, bodies: readonly EntryBody[]): Promise<unknown>;
}

/** Longest difference between clocks that is no jump of one of them, in ms: time servers slew them by less. */
const CLOCK_TOLERANCE_MS = 1_000;

export class Attendance {
  readonly #presence = new Presence(settings.PRESENCE_LEASE_MS);
  /** Since somebody worked in it. */
  readonly #idle: Idleness;
  /** Since any of its clients was heard of. */
  readonly #unseen: Idleness;

  constructor(private readonly session: AttendedSession) {
    const { activeAt, latestActiveAt } = session.state;
    this.#idle = new Idleness(activeAt, session, latestActiveAt);
    this.#unseen = new Idleness(activeAt, session, latestActiveAt);
  }

  /** Notes that a client of the session asks for something. */
  heard(): void {
    this.#unseen.end();
  }

  /** @param outageMs an outage of its link that the client survived since it attached last, in ms */
  attach(client: string, outageMs?: number): void {
    this.#presence.attach(client, this.#now(), outageMs);
  }

  async detach(client: string): Promise<void> {
    const stay = this.#presence.detach(client, this.#now());
    if (stay) await this.#record([stay]);
  }

  /** Ends the stays of clients that were not heard of any more; to be called at least every {@link settings.EXPIRY_CHECK_MS}. */
  async expire(): Promise<void> {
    await this.#record(this.#presence.expire(this.#now()));
  }

  /** Ends all stays. */
  async end(): Promise<void> {
    await this.#record(this.#presence.clear(this.#now()));
  }

  /** Those that are here first, then by their last activity. */
  clients(): ClientInfo[] {
    const { activity, owner } = this.session.state;
    const known = new Set([...Object.keys(activity.clients), ...this.#presence.clients]);
    const infos = [...known].map((client): ClientInfo => {
      const written = activity.clients[client];
      return {
        client,
        connected: this.#presence.isHere(client),
        owner: client === owner,
        firstAt: written?.firstAt ?? null,
        lastAt: written?.lastAt ?? null,
        evaluations: written?.evaluations ?? 0,
        entries: written?.entries ?? 0,
        connectedMs: (written?.connectedMs ?? 0) + this.#presence.connectedMs(client),
      };
    });
    return infos.sort(
      (a, b) => Number(b.connected) - Number(a.connected) || (b.lastAt ?? '').localeCompare(a.lastAt ?? ''),
    );
  }

  /** How long nobody worked in it, in ms. */
  idleFor(): number {
    return this.#idle.ms(this.session.state.activeAt);
  }

  /** How long none of its clients was seen, in ms; 0 while one is there, and for a closed session. */
  orphanedFor(): number {
    const { closed, activeAt } = this.session.state;
    if (closed || this.#presence.clients.length > 0) return 0;
    return this.#unseen.ms(activeAt);
  }

  /**
   * In how many ms the session closes for want of activity; undefined for never. Work that waits counts as activity, and
   * time in which the machine slept does not pass.
   */
  expiresInMs(): number | undefined {
    const { ttlMs, closed, pending } = this.session.state;
    if (ttlMs === null || closed || pending.length > 0) return undefined;
    return ttlMs - this.idleFor();
  }

  /** The time of expiry by the wall clock as it goes now; undefined for never. */
  expiresAt(): Date | undefined {
    const leftMs = this.expiresInMs();
    if (leftMs === undefined) return undefined;
    const { activeAt, ttlMs } = this.session.state;
    const byActivity = Date.parse(activeAt) + (ttlMs ?? 0);
    const byClock = this.session.now().getTime() + leftMs;
    // What was told once stays the same, as long as no clock jumped.
    return new Date(Math.abs(byClock - byActivity) <= CLOCK_TOLERANCE_MS ? byActivity : byClock);
  }

  /** In how many ms whoever follows the session is to be told that it will close; undefined when that is done, or not due. */
  noticeInMs(): number | undefined {
    const leftMs = this.expiresInMs();
    const { noticed, ttlMs } = this.session.state;
    if (leftMs === undefined || noticed !== null) return undefined;
    return leftMs - Math.min(settings.MAX_NOTICE_MS, (ttlMs ?? 0) * settings.NOTICE_SHARE);
  }

  async giveNotice(): Promise<void> {
    const expiresAt = this.expiresAt()?.toISOString();
    if (expiresAt) await this.session.append(BACKEND, [{ type: 'notice', kind: 'expiring', expiresAt }]);
  }

  async #record(stays: readonly Stay[]): Promise<void> {
    for (const { client, connectedMs, outages, outageMs } of stays) {
      if (connectedMs < settings.MIN_STAY_MS && outages === 0) continue;
      await this.session.append(client, [{ type: 'presence', connectedMs, outages, outageMs }]);
    }
  }

  /** Stays are as long as they are, also when the wall clock is set meanwhile. */
  #now(): number {
    return this.session.monotonicMs();
  }
}
