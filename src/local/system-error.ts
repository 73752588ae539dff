/** Turns what the operating system answers, and what src/files refuses, into this folder's errors. */
import { UnsafeDirectory } from '../files/private-directories.js';
import { isNoPermission, isNoRoom, systemCode } from '../files/system-error.js';
import { LocalError, LocalStateFull, LocalStateReadOnly, LocalStateUnusable, UnsafePath } from './errors.js';

/** @returns the error to throw for a failed look at `path`; errors that are not the system's come back unchanged. */
export function readFailure(error: unknown, path: string): unknown {
  if (error instanceof UnsafeDirectory) return new UnsafePath(error.path, error.reason);
  const code = error instanceof LocalError ? undefined : systemCode(error);
  return code === undefined ? error : new LocalStateUnusable(path, code, { cause: error });
}

/** @returns the error to throw for a failed write to `file`; errors that are not the system's come back unchanged. */
export function writeFailure(error: unknown, file: string): unknown {
  if (error instanceof LocalError) return error;
  if (isNoRoom(error)) return new LocalStateFull(file, 'there is no room for it', { cause: error });
  if (isNoPermission(error)) return new LocalStateReadOnly(file, { cause: error });
  return readFailure(error, file);
}
