/** The private directories of src/files, with the errors of this folder. */
import {
  ensurePrivateDirectory as ensure,
  ensureUntouchedDirectory as ensureUntouched,
  isReadableSafely as isReadable,
} from '../files/private-directories.js';
import { readFailure, writeFailure } from './system-error.js';

export { isPrivateDirectory, ownUid } from '../files/private-directories.js';

/** @throws UnsafePath, LocalStateReadOnly, LocalStateFull, LocalStateUnusable */
export function ensurePrivateDirectory(path: string): void {
  orFailure(path, ensure, writeFailure);
}

/** @throws UnsafePath, LocalStateReadOnly, LocalStateFull, LocalStateUnusable */
export function ensureUntouchedDirectory(path: string): void {
  orFailure(path, ensureUntouched, writeFailure);
}

/** @throws UnsafePath, LocalStateUnusable */
export function isReadableSafely(path: string): boolean {
  return orFailure(path, isReadable, readFailure);
}

function orFailure<R>(path: string, work: (path: string) => R, failure: (error: unknown, path: string) => unknown): R {
  try {
    return work(path);
  } catch (error) {
    throw failure(error, path);
  }
}
