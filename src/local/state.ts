/** What this machine remembers between commands, put together. */
import { CONFIGURATION_SHAPE } from './configuration.js';
import { Connections } from './connections.js';
import { CURRENT_SESSIONS_SHAPE, CurrentSessions } from './current-session.js';
import { privateEndpoint, type StuiPaths } from './paths.js';
import { Preferences } from './preferences.js';
import { CACHE_LOCK_WAIT_MS, SESSION_CACHE_SHAPE, SessionCache } from './session-cache.js';
import { type LocalWarning, Store } from './store.js';

export interface LocalState {
  readonly connections: Connections;
  readonly currentSessions: CurrentSessions;
  readonly preferences: Preferences;
  readonly sessionCache: SessionCache;
}

export interface LocalStateOptions {
  /** Told when a damaged file was, or can be, made good; nothing has to be done. */
  readonly warn: (warning: LocalWarning) => void;
  readonly now?: () => Date;
}

/** Opens the state below `paths`. Nothing is read, made or loaded before a method of it is called. */
export function openLocalState(paths: StuiPaths, { warn, now = () => new Date() }: LocalStateOptions): LocalState {
  const store = { warn, now };
  const configuration = new Store({ ...store, directory: paths.config, name: 'config', shape: CONFIGURATION_SHAPE });
  const current = new Store({ ...store, directory: paths.data, name: 'current', shape: CURRENT_SESSIONS_SHAPE });
  const cache = new Store({
    ...store,
    directory: paths.cache,
    name: 'sessions',
    shape: SESSION_CACHE_SHAPE,
    lockWaitMs: CACHE_LOCK_WAIT_MS,
    losable: true,
  });
  const currentSessions = new CurrentSessions(current);
  const sessionCache = new SessionCache(cache, now);
  const connections = new Connections(configuration, {
    now,
    localEndpoint: () => privateEndpoint(paths),
    forget: async (name) => {
      await sessionCache.forgetConnection(name);
      await currentSessions.clear(name);
    },
  });
  return { connections, currentSessions, preferences: new Preferences(configuration), sessionCache };
}
