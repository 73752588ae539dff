/** How connections are named. */
import { InvalidValue } from './errors.js';

/** The connection to the private backend of this user. It always exists and cannot be redefined. */
export const LOCAL_CONNECTION = 'local';

/** Not with a dot or dash in front: names are used as file names and as command line arguments. */
const CONNECTION_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/;

export const CONNECTION_NAME_RULE = '1 to 64 characters out of A-Z a-z 0-9 . _ -, the first no . or -';

/** @returns whether `name` may name a connection. */
export function isConnectionName(name: unknown): name is string {
  return typeof name === 'string' && CONNECTION_NAME.test(name);
}

/** @throws InvalidValue if `name` may not name a connection */
export function checkedConnectionName(name: unknown): string {
  if (isConnectionName(name)) return name;
  throw new InvalidValue('connection name', name, CONNECTION_NAME_RULE);
}
