/** Turns what the operating system answers into this folder's errors. */
import { LocalError, LocalStateFull, LocalStateReadOnly, LocalStateUnusable } from './errors.js';

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const NO_PERMISSION = new Set(['EROFS', 'EACCES', 'EPERM']);

/** @returns the system's error code (`ENOENT`, ...), or undefined when `error` did not come from the system. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** @returns the error to throw for a failed write to `file`; errors that are not the system's come back unchanged. */
export function writeFailure(error: unknown, file: string): unknown {
  const code = systemCode(error);
  if (error instanceof LocalError || code === undefined) return error;
  if (NO_ROOM.has(code)) return new LocalStateFull(file, 'there is no room for it', { cause: error });
  if (NO_PERMISSION.has(code)) return new LocalStateReadOnly(file, { cause: error });
  return new LocalStateUnusable(file, code, { cause: error });
}
