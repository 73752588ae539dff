/** Who is with a session, who was seen in it, and what is due when nobody is: notice, expiry, being an orphan. */
import type { ClientInfo } from '../protocol/documents.js';
import { BACKEND, type EntryBody } from '../session/entry.js';
import type { SessionState } from '../session/state.js';
import { Presence, type Stay } from './presence.js';
import * as settings from './settings.js';

/** What attendance is taken of. */
export interface AttendedSession {
  readonly state: SessionState;
  append(client: string, bodies: readonly EntryBody[]): Promise<unknown>;
  readonly now: () => Date;
}

export class Attendance {
  readonly #presence = new Presence(settings.PRESENCE_LEASE_MS);
  /** When any of its clients was heard of last, in ms since the epoch. */
  #seenAt: number;

  constructor(private readonly session: AttendedSession) {
    this.#seenAt = Date.parse(session.state.latestActiveAt);
  }

  /** Notes that a client of the session asks for something. */
  heard(): void {
    this.#seenAt = this.#now();
  }

  /** @param outageMs an outage of its link that the client survived since it attached last, in ms */
  attach(client: string, outageMs?: number): void {
    this.#presence.attach(client, this.#now(), outageMs);
  }

  async detach(client: string): Promise<void> {
    const stay = this.#presence.detach(client, this.#now());
    if (stay) await this.#record([stay]);
  }

  /** Ends the stays of clients that were not heard of any more. */
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

  /** How long none of its clients was seen, in ms; 0 while one is there, and for a closed session. */
  orphanedFor(): number {
    const { closed, latestActiveAt } = this.session.state;
    if (closed || this.#presence.clients.length > 0) return 0;
    return Math.max(0, this.#now() - Math.max(this.#seenAt, Date.parse(latestActiveAt)));
  }

  /** When the session closes for want of activity; undefined for never. Work that waits counts as activity. */
  expiresAt(): Date | undefined {
    const { ttlMs, closed, activeAt, pending } = this.session.state;
    if (ttlMs === null || closed || pending.length > 0) return undefined;
    return new Date(Date.parse(activeAt) + ttlMs);
  }

  /** When whoever follows the session is to be told that it will close; undefined when that is done, or not due. */
  noticeAt(): Date | undefined {
    const expiresAt = this.expiresAt();
    const { noticed, ttlMs } = this.session.state;
    if (!expiresAt || noticed === expiresAt.toISOString()) return undefined;
    return new Date(expiresAt.getTime() - Math.min(settings.MAX_NOTICE_MS, (ttlMs ?? 0) * settings.NOTICE_SHARE));
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

  #now(): number {
    return this.session.now().getTime();
  }
}
