/** Directories that nobody else can write to, and that nobody else made for us. */
import { closeSync, constants, fchmodSync, fstatSync, lstatSync, openSync, type Stats } from 'node:fs';
import { makeDirectory } from './directories.js';
import { systemCode } from './system-error.js';

const PRIVATE_MODE = 0o700;
const PERMISSION_BITS = 0o777;
const ROOT = 0;

/** A directory could be under somebody else's control: a symbolic link, a foreign owner, open permissions. */
export class UnsafeDirectory extends Error {
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`${path} is not safe to use: ${reason}`);
  }
}

/** Undefined where files have no numeric owner (Windows): ownership is then left to the system's access lists. */
export function ownUid(): number | undefined {
  return process.geteuid?.();
}

/**
 * Makes `path` and its missing parents, mode 0700 whatever the umask. A directory of ours that is open to others is
 * closed to them; one that its owner made read-only stays so.
 * @throws UnsafeDirectory if `path` is a symbolic link, no directory, or somebody else's
 * @throws the system's error if it cannot be made
 */
export function ensurePrivateDirectory(path: string): void {
  withDirectory(path, (stats, tighten) => {
    if (isOpen(stats)) tighten();
  });
}

/**
 * Like ensurePrivateDirectory, for places such as /tmp where others may have made the directory, or put something into
 * it, before us: one that was ever open to others is refused, not closed.
 * @throws UnsafeDirectory if `path` is a symbolic link, no directory, somebody else's, or open to others
 */
export function ensureUntouchedDirectory(path: string): void {
  withDirectory(path, (stats) => {
    if (isOpen(stats)) {
      throw new UnsafeDirectory(
        path,
        `its mode is ${(stats.mode & PERMISSION_BITS).toString(8)}, others may have used it`,
      );
    }
  });
}

/**
 * Checks a directory that is only read from: it may be read-only and may be root's (a mounted configuration), as ssh
 * allows for its own.
 * @returns false if there is no such directory
 * @throws UnsafeDirectory if `path` is a symbolic link, no directory, or neither ours nor root's
 * @throws the system's error if it cannot be looked at
 */
export function isReadableSafely(path: string): boolean {
  const stats = entryAt(path);
  if (stats === undefined) return false;
  refuseForeign(path, stats, [ownUid(), ROOT]);
  return true;
}

/** @returns whether `path` is a directory of ours, no symbolic link, that nobody else may enter. */
export function isPrivateDirectory(path: string): boolean {
  try {
    const stats = lstatSync(path);
    const isOurs = ownUid() === undefined || stats.uid === ownUid();
    return stats.isDirectory() && isOurs && !isOpen(stats);
  } catch {
    // Missing, or in a place that we may not even look into.
    return false;
  }
}

function withDirectory(path: string, check: (stats: Stats, tighten: () => void) => void): void {
  try {
    makeDirectory(path);
  } catch (error) {
    // A dangling link, or a file where a directory should be: say which below.
    if (systemCode(error) !== 'EEXIST' && systemCode(error) !== 'ENOENT') throw error;
  }
  const entry = entryAt(path);
  if (entry === undefined) throw new UnsafeDirectory(path, 'it cannot be made, its parent is gone or a dangling link');
  refuseForeign(path, entry, [ownUid()]);
  inspectThroughDescriptor(path, check);
}

/** Between lstat and chmod the path could be exchanged for a link: the descriptor is what gets judged and changed. */
function inspectThroughDescriptor(path: string, check: (stats: Stats, tighten: () => void) => void): void {
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_DIRECTORY ?? 0);
  const descriptor = openSync(path, flags);
  try {
    const stats = fstatSync(descriptor);
    refuseForeign(path, stats, [ownUid()]);
    check(stats, () => fchmodSync(descriptor, stats.mode & PRIVATE_MODE));
  } finally {
    closeSync(descriptor);
  }
}

function entryAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function isOpen(stats: Stats): boolean {
  return (stats.mode & PERMISSION_BITS & ~PRIVATE_MODE) !== 0;
}

function refuseForeign(path: string, stats: Stats, owners: readonly (number | undefined)[]): void {
  if (stats.isSymbolicLink()) throw new UnsafeDirectory(path, 'it is a symbolic link');
  if (!stats.isDirectory()) throw new UnsafeDirectory(path, 'it is not a directory');
  if (ownUid() !== undefined && !owners.includes(stats.uid)) {
    throw new UnsafeDirectory(path, `it belongs to user ${stats.uid}, you are ${ownUid()}`);
  }
}
