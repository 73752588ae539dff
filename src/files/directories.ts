/** Making directories, and making the names in them durable. */
import { chmodSync, closeSync, constants, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { systemCode } from './system-error.js';

const PRIVATE_MODE = 0o700;

/** What systems answer that cannot sync a directory, and need not. */
const NO_DIRECTORY_SYNC = new Set(['EINVAL', 'EISDIR', 'EPERM', 'ENOTSUP']);

/**
 * Makes a directory and its missing parents, `mode` whatever the umask. Node's own recursive mkdir never ends where a
 * parent is there and yet nothing can be made in it (below /proc, in a directory that was removed).
 * @returns the directories that were made, the outermost first; none if it was there
 * @throws the system's error: ENOENT where nothing can be made, ENOTDIR or EEXIST where something else is in the way
 */
export function makeDirectory(path: string, mode = PRIVATE_MODE): string[] {
  const missing: string[] = [];
  for (let place = resolve(path); !isDirectory(place) && dirname(place) !== place; place = dirname(place)) {
    missing.unshift(place);
  }
  return missing.filter((place) => makeOne(place, mode));
}

/** Makes a directory as makeDirectory does, so that it is there after a loss of power, with all that is synced in it. */
export function makeDirectoryDurably(path: string, mode = PRIVATE_MODE): void {
  for (const made of makeDirectory(path, mode)) syncDirectory(dirname(made));
}

/** Names in a directory are durable once it was synced itself. @throws the system's error */
export function syncDirectory(directory: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(directory, constants.O_RDONLY);
    fsyncSync(descriptor);
  } catch (error) {
    if (!NO_DIRECTORY_SYNC.has(systemCode(error) ?? '')) throw error;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** @returns false if somebody else was faster */
function makeOne(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (systemCode(error) === 'EEXIST' && isDirectory(path)) return false;
    throw error;
  }
  chmodSync(path, mode);
  return true;
}
