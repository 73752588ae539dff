/**
 * What was last seen of the sessions of each connection, for listings and completion without a round trip. Losing it
 * loses nothing, so no method here fails: writing reports whether it worked, reading what cannot be read gives nothing.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Store } from './store.js';
import { isFields, type StoreShape, WrongShape } from './store-contents.js';

/** As the backend described the session; only these two fields matter here. */
export type SessionSummary = Readonly<Record<string, unknown>> & { readonly id: string; readonly name: string };

export interface CachedSessions {
  /** Most recently seen first. */
  readonly sessions: readonly SessionSummary[];
  /** When the whole list was last seen, ISO 8601 UTC; absent if only single sessions were. */
  readonly asOf?: string;
}

interface CachedConnection extends CachedSessions {
  readonly connection: string;
}

export interface SessionCacheFile {
  readonly connections: readonly CachedConnection[];
}

/** A cache is to answer at once: some 0.5 KB each, the file stays small enough to be parsed in a millisecond. */
export const CACHED_SESSIONS_LIMIT = 500;

/** Milliseconds to wait for another writer: less than anybody notices; what is not cached is fetched again. */
export const CACHE_LOCK_WAIT_MS = 200;

/** Milliseconds for which an unchanged listing is as good as new. */
const FRESH_MS = 60_000;

export const SESSION_CACHE_SHAPE: StoreShape<SessionCacheFile> = {
  schemaVersion: 1,
  empty: () => ({ connections: [] }),
  decode: ({ connections = [] }) => {
    if (!Array.isArray(connections) || !connections.every(isCachedConnection)) {
      throw new WrongShape('connections is not a list of cached sessions');
    }
    return { connections };
  },
};

export class SessionCache {
  constructor(
    private readonly store: Store<SessionCacheFile>,
    private readonly now: () => Date,
  ) {}

  cachedSessions(connection: string): CachedSessions {
    try {
      const { sessions, asOf } = entryOf(this.store.read(), connection);
      return asOf === undefined ? { sessions } : { sessions, asOf };
    } catch {
      return { sessions: [] };
    }
  }

  /** Replaces what is known about a connection by a listing of all its sessions. @returns whether it was remembered */
  rememberSessions(connection: string, summaries: readonly SessionSummary[]): Promise<boolean> {
    const now = this.now();
    return this.change(connection, (known) => {
      const sessions = summaries.slice(0, CACHED_SESSIONS_LIMIT);
      // A listing that says the same again soon is not worth a durable write, which costs more than the listing.
      const fresh = known.asOf !== undefined && Math.abs(now.getTime() - Date.parse(known.asOf)) < FRESH_MS;
      if (fresh && isDeepStrictEqual(known.sessions, sessions)) return known;
      return { connection, asOf: now.toISOString(), sessions };
    });
  }

  /** @returns whether it was remembered */
  rememberSession(connection: string, summary: SessionSummary): Promise<boolean> {
    return this.change(connection, (known) => {
      if (isDeepStrictEqual(known.sessions[0], summary)) return known;
      return { ...known, sessions: [summary, ...known.sessions.filter(({ id }) => id !== summary.id)] };
    });
  }

  /** @returns whether it was forgotten */
  forgetSession(connection: string, id: string): Promise<boolean> {
    return this.change(connection, (known) => ({
      ...known,
      sessions: known.sessions.filter((session) => session.id !== id),
    }));
  }

  /** @returns whether it was forgotten */
  forgetConnection(connection: string): Promise<boolean> {
    return this.change(connection, () => undefined);
  }

  private async change(
    connection: string,
    next: (known: CachedConnection) => CachedConnection | undefined,
  ): Promise<boolean> {
    try {
      const known = entryOf(this.store.read(), connection);
      if (next(known) === known) return true;
      await this.store.update((file) => {
        const others = file.connections.filter((each) => each.connection !== connection);
        const entry = next(entryOf(file, connection));
        if (entry === undefined) return { connections: others };
        return { connections: [...others, { ...entry, sessions: entry.sessions.slice(0, CACHED_SESSIONS_LIMIT) }] };
      });
      return true;
    } catch {
      // Whatever it was, the command that came by here has its answer already and must not fail for a cache.
      return false;
    }
  }
}

function entryOf({ connections }: SessionCacheFile, connection: string): CachedConnection {
  return connections.find((each) => each.connection === connection) ?? { connection, sessions: [] };
}

function isCachedConnection(json: unknown): json is CachedConnection {
  return (
    isFields(json) &&
    typeof json['connection'] === 'string' &&
    ['string', 'undefined'].includes(typeof json['asOf']) &&
    Array.isArray(json['sessions']) &&
    json['sessions'].every(
      (each) => isFields(each) && typeof each['id'] === 'string' && typeof each['name'] === 'string',
    )
  );
}
