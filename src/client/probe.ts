/** Looks whether anybody listens at an endpoint, and says why not in words. libzmq itself only tries again, silently. */
import { connect } from 'node:net';
import { PROBE_TIMEOUT_MS } from './timing.js';

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused',
  ENOENT: 'there is no such socket',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up now',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  EACCES: 'the socket may not be opened by this user',
  ETIMEDOUT: 'the host does not answer',
};

/** @returns why nobody can be reached at `endpoint`, or undefined when somebody accepts connections */
export function probe(endpoint: string): Promise<string | undefined> {
  const target = parseEndpoint(endpoint);
  return new Promise((resolve) => {
    const socket = connect(target);
    const finish = (reason?: string) => {
      socket.destroy();
      resolve(reason);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => finish(REASONS.ETIMEDOUT));
    socket.once('connect', () => finish());
    socket.once('error', (error: NodeJS.ErrnoException) => finish(REASONS[error.code ?? ''] ?? error.message));
  });
}

function parseEndpoint(endpoint: string): { path: string } | { host: string; port: number } {
  if (endpoint.startsWith('ipc://')) return { path: endpoint.slice('ipc://'.length) };
  const match = /^tcp:\/\/\[?([^\]]+?)\]?:(\d+)$/.exec(endpoint);
  return { host: match?.[1] ?? endpoint, port: Number(match?.[2] ?? 0) };
}
