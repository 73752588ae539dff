/** A log file that is never too large, and whose older parts are kept beside it: `backend.log`, `backend.log.1` and so on. */
import { copyFileSync, fstatSync, ftruncateSync, openSync, renameSync, rmSync, statSync } from 'node:fs';

/** Largest part, in bytes: weeks of a backend that has much to say, and still read in an editor. */
export const LOG_LIMIT_BYTES = 5 * 1024 * 1024;

/** Older parts that are kept. */
const KEPT_PARTS = 3;

const PRIVATE_FILE = 0o600;

/** Opens a log to append to; one that has grown too large becomes the newest of the older parts first. @returns the descriptor */
export function openRotated(path: string): number {
  if (sizeOf(path) > LOG_LIMIT_BYTES) {
    shift(path);
    renameSync(path, `${path}.1`);
  }
  return openSync(path, 'a', PRIVATE_FILE);
}

/**
 * Empties a log that is open for appending once it is too large, and keeps what was in it. The descriptor stays, since it
 * is also the one that the system writes a crash to.
 * @returns whether it did; never for a descriptor that is not this file
 */
export function rotateOpen(path: string, descriptor: number): boolean {
  const open = fstatSync(descriptor);
  if (!open.isFile() || open.size <= LOG_LIMIT_BYTES) return false;
  const named = statSync(path, { throwIfNoEntry: false });
  if (named?.ino !== open.ino || named.dev !== open.dev) return false;
  // Copied first: where there is no room for it, the older parts stay.
  copyFileSync(path, `${path}.new`);
  shift(path);
  renameSync(`${path}.new`, `${path}.1`);
  ftruncateSync(descriptor, 0);
  return true;
}

function shift(path: string): void {
  rmSync(`${path}.${KEPT_PARTS}`, { force: true });
  for (let part = KEPT_PARTS - 1; part >= 1; part -= 1) {
    if (sizeOf(`${path}.${part}`) >= 0) renameSync(`${path}.${part}`, `${path}.${part + 1}`);
  }
}

/** @returns -1 where there is no such file */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? -1;
}
