/** Clients of one session whose stores are in memory, and a backend that only merges contexts. */
import { randomUUID } from 'node:crypto';
import { Unreachable } from '../../../src/client/errors.js';
import { CONTEXT_CACHE_SHAPE, ContextCache } from '../../../src/local/context-cache.js';
import { CONTEXT_KNOWLEDGE_SHAPE, KnownContexts } from '../../../src/local/context-knowledge.js';
import type { OutboxEntry, OutboxOrder } from '../../../src/local/outbox.js';
import { SESSION_CACHE_SHAPE, SessionCache } from '../../../src/local/session-cache.js';
import type { Store, StoreShape } from '../../../src/local/store.js';
import type { Workplace } from '../../../src/service/workplace.js';
import type { JsonObject } from '../../../src/session/json.js';
import { mergeContexts } from '../../../src/session/merge-context.js';
import { applyMergePatch } from '../../../src/session/merge-patch.js';

export const SESSION = '00000000-0000-4000-8000-000000000001';

interface Update {
  readonly state_data: JsonObject;
  readonly base_revision?: number;
  readonly key: string;
}

export class FakeBackend {
  /** By revision, which begins with 1. */
  readonly contexts: JsonObject[] = [{}];
  readonly #answered = new Map<string, unknown>();
  /** Told of each change that is made. */
  onUpdate: (key: string, before: JsonObject, after: JsonObject, conflicts: number) => void = () => {};

  get revision(): number {
    return this.contexts.length;
  }

  get context(): JsonObject {
    return this.contexts.at(-1) as JsonObject;
  }

  /** Something else happens to the session. */
  pass(): void {
    this.contexts.push(this.context);
  }

  answer(command: string, parameters: unknown): unknown {
    if (command === 'update_session_state') return this.#update(parameters as Update);
    const { at = this.revision } = parameters as { at?: number };
    const revision = Math.min(at, this.revision);
    return { session: SESSION, revision, context: this.contexts[revision - 1], parts: {}, conflicts: [] };
  }

  #update({ state_data: patch, base_revision: base, key }: Update): unknown {
    if (!this.#answered.has(key)) {
      const from = base === undefined ? this.context : (this.contexts[base - 1] as JsonObject);
      const merge = mergeContexts(from, this.context, applyMergePatch(from, patch) as JsonObject);
      this.onUpdate(key, this.context, merge.context, merge.conflicts.length);
      this.contexts.push(merge.context);
      const conflicts = merge.conflicts.map((conflict) => ({ id: randomUUID(), ...conflict }));
      this.#answered.set(key, conflicts);
    }
    const conflicts = this.#answered.get(key);
    return { session_id: SESSION, revision: this.revision, session_state: this.context, conflicts };
  }
}

export class FakeClient {
  online = true;
  /** After so many more answers the link is gone. */
  answersLeft = Number.POSITIVE_INFINITY;
  /** The next answer gets lost on the way. */
  losesAnswer = false;
  readonly #entries: OutboxEntry[] = [];
  readonly workplace: Workplace;

  constructor(backend: FakeBackend) {
    const local = {
      knownContexts: new KnownContexts(inMemory(CONTEXT_KNOWLEDGE_SHAPE)),
      contextCache: new ContextCache(inMemory(CONTEXT_CACHE_SHAPE), () => new Date(0)),
      sessionCache: new SessionCache(inMemory(SESSION_CACHE_SHAPE), () => new Date(0)),
    };
    const ask = async (command: string, parameters: unknown) => {
      if (--this.answersLeft < 0) this.online = false;
      if (!this.online) throw new Unreachable('tcp://nowhere:1', 'nobody is there');
      const answer = structuredClone(backend.answer(command, parameters));
      if (!this.losesAnswer) return answer;
      this.losesAnswer = false;
      throw new Unreachable('tcp://nowhere:1', 'the answer got lost', undefined, true);
    };
    const reconnect = async () => {};
    const warn = (message: string) => {
      throw new Error(message);
    };
    const destination = { connection: 'lab', endpoint: 'tcp://lab:5555' };
    const place = {
      connection: 'lab',
      destination,
      clientId: 'me',
      local,
      outbox: this.#outbox(),
      ask,
      reconnect,
      warn,
    };
    this.workplace = place as unknown as Workplace;
  }

  #outbox() {
    const entries = this.#entries;
    let count = 0;
    const indexOf = (key: string) => entries.findIndex((entry) => entry.key === key);
    const own = { pid: process.pid, startedAt: null };
    const give = (key: string, owner: OutboxEntry['owner']): OutboxEntry | undefined => {
      const entry = entries[indexOf(key)];
      if (entry === undefined) return undefined;
      const given: OutboxEntry = { ...entry, state: owner === null ? 'queued' : 'sending', owner };
      entries[indexOf(key)] = given;
      return given;
    };
    const remove = (key: string): void => {
      if (indexOf(key) !== -1) entries.splice(indexOf(key), 1);
    };
    return {
      accept: (order: OutboxOrder) => {
        const place = String(count++).padStart(6, '0');
        entries.push({ ...order, acceptedAt: '', order: place, state: 'sending', owner: own });
        return { entry: entries.at(-1), isNew: true };
      },
      get: (key: string) => entries[indexOf(key)],
      list: () => [...entries],
      release: ({ key }: OutboxEntry) => give(key, null),
      claim: ({ key }: OutboxEntry) => give(key, own),
      remove: ({ key }: OutboxEntry) => remove(key),
      withdraw: ({ key }: OutboxEntry) => {
        remove(key);
        return true;
      },
      orphans: () => entries.filter(({ owner }) => owner === null),
      isBeingDelivered: () => false,
      withDelivery: async (_: unknown, work: () => Promise<unknown>) => ({ ran: true, value: await work() }),
    };
  }
}

/** As a file: what is read is never what was written, but a copy. */
function inMemory<T extends object>(shape: StoreShape<T>): Store<T> {
  let json: string | undefined;
  const read = () => (json === undefined ? shape.empty() : shape.decode(JSON.parse(json)));
  const update = async (change: (current: T) => T) => {
    json = JSON.stringify(change(read()));
    return read();
  };
  return { read, update } as unknown as Store<T>;
}
