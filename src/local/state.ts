/** What this machine remembers between commands, put together. */
import { CONFIGURATION_SHAPE } from './configuration.js';
import { Connections } from './connections.js';
import { CONTEXT_CACHE_SHAPE, ContextCache } from './context-cache.js';
import { CONTEXT_KNOWLEDGE_SHAPE, KnownContexts } from './context-knowledge.js';
import { CURRENT_SESSIONS_SHAPE, CurrentSessions } from './current-session.js';
import { privateEndpoint, type StuiPaths } from './paths.js';
import { Preferences } from './preferences.js';
import { CACHE_LOCK_WAIT_MS, SESSION_CACHE_SHAPE, SessionCache } from './session-cache.js';
import { type LocalWarning, Store } from './store.js';
import { type Place, placeHere } from './terminal.js';
import { USER_CONTEXT_SHAPE, UserContext } from './user-context.js';

export interface LocalState {
  readonly connections: Connections;
  readonly currentSessions: CurrentSessions;
  readonly preferences: Preferences;
  readonly sessionCache: SessionCache;
  readonly userContext: UserContext;
  readonly knownContexts: KnownContexts;
  readonly contextCache: ContextCache;
}

export interface LocalStateOptions {
  /** Told when a damaged file was, or can be, made good; nothing has to be done. */
  readonly warn: (warning: LocalWarning) => void;
  readonly now?: () => Date;
  /** Where the command was typed. */
  readonly place?: () => Place;
}

/** Opens the state below `paths`. Nothing is read, made or loaded before a method of it is called. */
export function openLocalState(
  paths: StuiPaths,
  { warn, now = () => new Date(), place = placeOfThisProcess }: LocalStateOptions,
): LocalState {
  const store = { warn, now };
  const configuration = new Store({ ...store, directory: paths.config, name: 'config', shape: CONFIGURATION_SHAPE });
  const current = new Store({ ...store, directory: paths.data, name: 'current', shape: CURRENT_SESSIONS_SHAPE });
  const user = new Store({ ...store, directory: paths.config, name: 'workspace', shape: USER_CONTEXT_SHAPE });
  const known = new Store({ ...store, directory: paths.data, name: 'contexts', shape: CONTEXT_KNOWLEDGE_SHAPE });
  const caching = { ...store, directory: paths.cache, lockWaitMs: CACHE_LOCK_WAIT_MS, losable: true };
  const cache = new Store({ ...caching, name: 'sessions', shape: SESSION_CACHE_SHAPE });
  const currentSessions = new CurrentSessions(current, { place, now });
  const sessionCache = new SessionCache(cache, now);
  const contextCache = new ContextCache(new Store({ ...caching, name: 'contexts', shape: CONTEXT_CACHE_SHAPE }), now);
  const knownContexts = new KnownContexts(known);
  const connections = new Connections(configuration, {
    now,
    localEndpoint: () => privateEndpoint(paths),
    forget: async (name) => {
      await sessionCache.forgetConnection(name);
      await currentSessions.clear(name);
      await contextCache.forgetConnection(name);
      await knownContexts.forgetConnection(name);
    },
  });
  return {
    connections,
    currentSessions,
    preferences: new Preferences(configuration),
    sessionCache,
    userContext: new UserContext(user),
    knownContexts,
    contextCache,
  };
}

let here: Place | undefined;

/** A process stays where it is. */
function placeOfThisProcess(): Place {
  here ??= placeHere(process.env);
  return here;
}
