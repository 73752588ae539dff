/** The backends this user knows by name. */
import { type Configuration, type Connection, isServerKey } from './configuration.js';
import { checkedConnectionName, LOCAL_CONNECTION } from './connection-name.js';
import { checkedEndpoint } from './endpoint.js';
import { ConnectionExists, InvalidValue, UnknownConnection } from './errors.js';
import { PREFERENCES } from './preference-table.js';
import type { Store } from './store.js';

export type { Connection } from './configuration.js';

export interface NewConnection {
  readonly name: string;
  readonly endpoint: string;
  readonly serverKey?: string;
}

export interface ConnectionsOptions {
  readonly now: () => Date;
  /** Where the private backend listens; called when that is asked for, since it makes and checks a directory. */
  readonly localEndpoint: () => string;
  /** Removes what other stores remember about a connection. */
  readonly forget: (name: string) => Promise<void>;
}

export class Connections {
  constructor(
    private readonly store: Store<Configuration>,
    private readonly options: ConnectionsOptions,
  ) {}

  /**
   * Adding a connection that exists and says the same changes nothing.
   * @throws InvalidValue, ConnectionExists
   */
  async add({ name, endpoint, serverKey }: NewConnection): Promise<Connection> {
    checkedConnectionName(name);
    if (name === LOCAL_CONNECTION) {
      throw new InvalidValue('connection name', name, `any but ${LOCAL_CONNECTION}, which is the private backend's`);
    }
    checkedEndpoint(endpoint);
    if (serverKey !== undefined && !isServerKey(serverKey)) {
      throw new InvalidValue('server key', serverKey, 'a CURVE public key, 40 characters of Z85');
    }
    const added: Connection = {
      name,
      endpoint,
      createdAt: this.options.now().toISOString(),
      ...(serverKey === undefined ? {} : { serverKey }),
    };
    const { connections } = await this.store.update((current) => {
      const existing = named(current, name);
      if (existing === undefined) return { ...current, connections: [...current.connections, added] };
      if (existing.endpoint === endpoint && existing.serverKey === serverKey) return current;
      throw new ConnectionExists(name, existing.endpoint);
    });
    return connections.find((connection) => connection.name === name) ?? added;
  }

  /** Those that were added, in that order; the private backend's is not among them. */
  list(): readonly Connection[] {
    return this.store.read().connections;
  }

  /** @throws UnknownConnection; also for `local`, which is no entry of the list */
  get(name: string): Connection {
    const configuration = this.store.read();
    return named(configuration, name) ?? unknown(name, configuration);
  }

  /**
   * @returns what to connect to for a connection's name, `local` included
   * @throws UnknownConnection, and what privateEndpoint throws
   */
  endpoint(name: string): string {
    return name === LOCAL_CONNECTION ? this.options.localEndpoint() : this.get(name).endpoint;
  }

  /**
   * Removes a connection, its current session and its cached sessions; if it was the default, `local` is again.
   * @throws UnknownConnection
   */
  async remove(name: string): Promise<void> {
    await this.store.update((current) => {
      if (named(current, name) === undefined) unknown(name, current);
      const { connection, ...others } = current.preferences;
      return {
        connections: current.connections.filter((each) => each.name !== name),
        preferences: connection === name ? others : current.preferences,
      };
    });
    await this.options.forget(name);
  }

  /** The name of the connection to use when none is given. */
  defaultName(): string {
    return PREFERENCES.connection.parse(this.store.read().preferences['connection']) ?? PREFERENCES.connection.default;
  }

  /** @throws UnknownConnection */
  async setDefault(name: string): Promise<void> {
    await this.store.update((current) => withDefault(current, name));
  }
}

/** @throws UnknownConnection if no connection of that name exists in `configuration` */
export function withDefault(configuration: Configuration, name: string): Configuration {
  if (name !== LOCAL_CONNECTION && named(configuration, name) === undefined) unknown(name, configuration);
  return { ...configuration, preferences: { ...configuration.preferences, connection: name } };
}

function named({ connections }: Configuration, name: string): Connection | undefined {
  return connections.find((connection) => connection.name === name);
}

function unknown(name: string, { connections }: Configuration): never {
  throw new UnknownConnection(name, [LOCAL_CONNECTION, ...connections.map((each) => each.name)]);
}
