/**
 * The contexts that were last seen, for looking at while the backend is away. Losing them loses nothing, so no method here
 * fails, as with the cache of sessions.
 */
import type { Store } from './store.js';
import { type Fields, isFields, type StoreShape, WrongShape } from './store-contents.js';

export interface CachedContext {
  readonly connection: string;
  readonly session: string;
  readonly revision: number;
  /** When it was seen, ISO 8601 UTC. */
  readonly asOf: string;
  readonly context: Fields;
}

export interface ContextCacheFile {
  /** Most recently seen first. */
  readonly contexts: readonly CachedContext[];
}

/** Characters of JSON in all: half a context of the largest size, which is read and written in some 20 ms. */
export const CONTEXT_CACHE_LIMIT = 2 * 1024 * 1024;

export const CONTEXT_CACHE_SHAPE: StoreShape<ContextCacheFile> = {
  schemaVersion: 1,
  empty: () => ({ contexts: [] }),
  decode: ({ contexts = [] }) => {
    if (!Array.isArray(contexts) || !contexts.every(isCachedContext)) {
      throw new WrongShape('contexts is not a list of cached contexts');
    }
    return { contexts };
  },
};

export class ContextCache {
  constructor(
    private readonly store: Store<ContextCacheFile>,
    private readonly now: () => Date,
  ) {}

  get(connection: string, session: string): CachedContext | undefined {
    try {
      return this.store.read().contexts.find((each) => isOf(each, connection, session));
    } catch {
      return undefined;
    }
  }

  /**
   * @param isAnother the session has another history than the one that was seen: the newest of that one does not count
   * @returns whether it is remembered; one that is larger than the cache is not
   */
  async remember(seen: Omit<CachedContext, 'asOf'>, { isAnother = false } = {}): Promise<boolean> {
    const { connection, session, revision } = seen;
    return this.change((contexts) => {
      const present = contexts.find((each) => isOf(each, connection, session));
      if (present && present.revision >= revision && !isAnother) return contexts;
      return [{ ...seen, asOf: this.now().toISOString() }, ...contexts.filter((each) => each !== present)];
    });
  }

  /** @returns whether it was forgotten */
  async forgetConnection(connection: string): Promise<boolean> {
    return this.change((contexts) => {
      const others = contexts.filter((each) => each.connection !== connection);
      return others.length === contexts.length ? contexts : others;
    });
  }

  private async change(next: (contexts: readonly CachedContext[]) => readonly CachedContext[]): Promise<boolean> {
    try {
      const { contexts: present } = this.store.read();
      if (next(present) !== present) await this.store.update(({ contexts }) => ({ contexts: fitting(next(contexts)) }));
      return true;
    } catch {
      return false;
    }
  }
}

function fitting(contexts: readonly CachedContext[]): CachedContext[] {
  let room = CONTEXT_CACHE_LIMIT;
  return contexts.filter((each) => {
    const size = JSON.stringify(each).length;
    if (size > room) return false;
    room -= size;
    return true;
  });
}

function isOf(each: CachedContext, connection: string, session: string): boolean {
  return each.connection === connection && each.session === session;
}

function isCachedContext(json: unknown): json is CachedContext {
  return (
    isFields(json) &&
    ['connection', 'session', 'asOf'].every((field) => typeof json[field] === 'string') &&
    typeof json['revision'] === 'number' &&
    isFields(json['context'])
  );
}
