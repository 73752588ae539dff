/** The configuration file: connections and preferences together, since the default connection ties them. */
import { isConnectionName } from './connection-name.js';
import { checkedEndpoint } from './endpoint.js';
import { InvalidValue } from './errors.js';
import { isPreferenceKey, PREFERENCES } from './preference-table.js';
import { type Fields, isFields, type StoreShape, WrongShape } from './store-contents.js';

export interface Connection {
  readonly name: string;
  readonly endpoint: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** The backend's CURVE public key, 40 characters of Z85: the connection is then encrypted and the backend proven. */
  readonly serverKey?: string;
}

/** Lists and not maps by name: `__proto__` is a name like any other then. */
export interface Configuration {
  readonly connections: readonly Connection[];
  /** Only what was set; keys that this version does not know are kept for the one that does. */
  readonly preferences: Fields;
}

export const CONFIGURATION_SHAPE: StoreShape<Configuration> = {
  schemaVersion: 1,
  empty: () => ({ connections: [], preferences: {} }),
  decode: ({ connections = [], preferences = {} }) => {
    if (!Array.isArray(connections)) throw new WrongShape('connections is not a list');
    const known = connections.map(decodeConnection);
    if (new Set(known.map(({ name }) => name)).size < known.length) {
      throw new WrongShape('connections has a name twice');
    }
    if (!isFields(preferences)) throw new WrongShape('preferences is not an object');
    checkPreferences(preferences);
    return { connections: known, preferences };
  },
};

function decodeConnection(json: unknown, index: number): Connection {
  const wrong = (what: string): WrongShape => new WrongShape(`connections[${index}]${what}`);
  if (!isFields(json)) throw wrong(' is not an object');
  if (!isConnectionName(json['name'])) throw wrong('.name is not a connection name');
  if (typeof json['createdAt'] !== 'string') throw wrong('.createdAt is not a time');
  if (json['serverKey'] !== undefined && !isServerKey(json['serverKey'])) throw wrong('.serverKey is not a key');
  try {
    checkedEndpoint(json['endpoint']);
  } catch (error) {
    throw error instanceof InvalidValue ? wrong(`.endpoint is not ${error.allowed}`) : error;
  }
  return json as unknown as Connection;
}

function checkPreferences(preferences: Fields): void {
  for (const [key, value] of Object.entries(preferences)) {
    if (isPreferenceKey(key) && PREFERENCES[key].parse(value) === undefined) {
      throw new WrongShape(`preferences.${key} is not ${PREFERENCES[key].allowed}`);
    }
  }
}

/** 40 characters of the Z85 alphabet (ZeroMQ RFC 32). */
const SERVER_KEY = /^[0-9A-Za-z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/;

/** @returns whether `key` is a CURVE public key in Z85. */
export function isServerKey(key: unknown): key is string {
  return typeof key === 'string' && SERVER_KEY.test(key);
}
