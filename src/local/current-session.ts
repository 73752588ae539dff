/** Which session commands mean when they name none, for each connection. In CI, STUI_SESSION says so instead. */
import { checkedConnectionName } from './connection-name.js';
import { InvalidValue } from './errors.js';
import type { Store } from './store.js';
import { isFields, type StoreShape, WrongShape } from './store-contents.js';

export interface CurrentSession {
  readonly connection: string;
  readonly id: string;
  readonly name: string;
}

export interface CurrentSessionsFile {
  readonly sessions: readonly CurrentSession[];
}

export const CURRENT_SESSIONS_SHAPE: StoreShape<CurrentSessionsFile> = {
  schemaVersion: 1,
  empty: () => ({ sessions: [] }),
  decode: ({ sessions = [] }) => {
    if (!Array.isArray(sessions)) throw new WrongShape('sessions is not a list');
    for (const [index, session] of sessions.entries()) {
      for (const field of ['connection', 'id', 'name']) {
        if (isFields(session) && isPresent(session[field])) continue;
        throw new WrongShape(`sessions[${index}].${field} is not a text`);
      }
    }
    return { sessions };
  },
};

export class CurrentSessions {
  constructor(private readonly store: Store<CurrentSessionsFile>) {}

  get(connection: string): CurrentSession | undefined {
    return this.store.read().sessions.find((session) => session.connection === connection);
  }

  /** @throws InvalidValue if a field is empty */
  async set({ connection, id, name }: CurrentSession): Promise<void> {
    checkedConnectionName(connection);
    if (!isPresent(id)) throw new InvalidValue('session id', id, 'a non-empty text');
    if (!isPresent(name)) throw new InvalidValue('session name', name, 'a non-empty text');
    await this.store.update(({ sessions }) => ({
      sessions: [...sessions.filter((session) => session.connection !== connection), { connection, id, name }],
    }));
  }

  /** Clearing what is not set changes nothing. */
  async clear(connection: string): Promise<void> {
    await this.store.update(({ sessions }) => ({
      sessions: sessions.filter((session) => session.connection !== connection),
    }));
  }
}

function isPresent(text: unknown): text is string {
  return typeof text === 'string' && text !== '';
}
