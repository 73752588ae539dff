/** What may be connected to. */
import { isIPv6 } from 'node:net';

/** The endpoints there are, in words. */
export const ENDPOINT_FORMS = 'tcp://HOST:PORT (port 1 to 65535, an IPv6 address in brackets) or ipc:///ABSOLUTE/PATH';

/** Underscores are not allowed in DNS names, but container names with them resolve. */
const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*\.?$/;

const TCP = /^tcp:\/\/(\[[^\]]+\]|[^:/@\s]+):(\d{1,5})$/;

const IPC = /^ipc:\/\/(\/.+)$/;

const HIGHEST_PORT = 65_535;

/** Bytes in sockaddr_un.sun_path on Linux without its final NUL; a longer path can never be connected to. */
const SOCKET_PATH_BYTES = 107;

/** Must not get into a path that is printed to terminals. */
const CONTROL = /\p{Cc}/u;

/** @returns whether a ZeroMQ socket can connect to it: wildcards can only be bound to, and user names are not ZeroMQ's */
export function isEndpoint(endpoint: unknown): endpoint is string {
  return typeof endpoint === 'string' && (isTcp(endpoint) || isIpc(endpoint));
}

function isTcp(endpoint: string): boolean {
  const [, host = '', port = ''] = TCP.exec(endpoint) ?? [];
  const number = Number(port);
  if (number < 1 || number > HIGHEST_PORT) return false;
  return host.startsWith('[') ? isIPv6(host.slice(1, -1)) : HOST_NAME.test(host);
}

function isIpc(endpoint: string): boolean {
  const [, path = ''] = IPC.exec(endpoint) ?? [];
  return path !== '' && !CONTROL.test(path) && Buffer.byteLength(path) <= SOCKET_PATH_BYTES;
}
