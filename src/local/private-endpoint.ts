/** Where the private backend listens. */
import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemCode } from '../files/system-error.js';
import { LocalStateReadOnly, SocketPathTooLong } from './errors.js';
import type { StuiPaths } from './paths.js';
import { ensurePrivateDirectory, ensureUntouchedDirectory, ownUid } from './private-directory.js';

const SOCKET_NAME = 'backend.sock';

/** Bytes in sockaddr_un.sun_path without its final NUL: 107 on Linux, 103 on macOS; the smaller for all. */
const SOCKET_PATH_BYTES = 103;

/** Hex digits of the hash that tells homes apart: 48 bits, for the handful of homes one user has. */
const HASH_DIGITS = 12;

/**
 * The `ipc://` endpoint of the private backend's socket. Its directory is made if missing, and checked, so that neither
 * a client nor a backend meets in a place that is somebody else's. Different spellings of one home (links, `..`) give
 * the same endpoint.
 * @param temporary where sockets go that would have too long a path otherwise
 * @throws UnsafePath if the directory is a link, somebody else's, or was open to others
 * @throws SocketPathTooLong if even the temporary directory's path is too long
 */
export function privateEndpoint(paths: Pick<StuiPaths, 'run'>, temporary: string = tmpdir()): string {
  const run = realRunDirectory(paths.run, temporary);
  const direct = join(run, SOCKET_NAME);
  if (fits(direct)) return `ipc://${direct}`;
  const digest = createHash('sha256').update(run).digest('hex').slice(0, HASH_DIGITS);
  const short = join(temporary, `stui-${ownUid() ?? 'user'}-${digest}`);
  const socket = join(short, SOCKET_NAME);
  if (!fits(socket)) throw new SocketPathTooLong(socket, SOCKET_PATH_BYTES);
  ensureUntouchedDirectory(short);
  return `ipc://${socket}`;
}

/**
 * On a read-only file system without the directory nobody listens there, nor can anybody put something there: whoever only
 * wants to know the endpoint gets it, and connecting fails.
 */
function realRunDirectory(run: string, temporary: string): string {
  try {
    ensureRunDirectory(run, temporary);
  } catch (error) {
    if (error instanceof LocalStateReadOnly && systemCode(error.cause) === 'EROFS' && !existsSync(run)) return run;
    throw error;
  }
  return realpathSync(run);
}

function ensureRunDirectory(run: string, temporary: string): void {
  if (dirname(run) === temporary) ensureUntouchedDirectory(run);
  else ensurePrivateDirectory(run);
}

function fits(socket: string): boolean {
  return Buffer.byteLength(socket) <= SOCKET_PATH_BYTES;
}
