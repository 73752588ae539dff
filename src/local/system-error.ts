/** Turns what the operating system answers into this folder's errors. */
import { LocalError, LocalStateFull, LocalStateReadOnly, LocalStateUnusable } from './errors.js';

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const NO_PERMISSION = new Set(['EROFS', 'EACCES', 'EPERM']);

/** Node's own errors are ERR_WITH_UNDERSCORES. */
const SYSTEM_CODE = /^E[A-Z0-9]+$/;

/** @returns the system's error code (`ENOENT`, ...), or undefined when `error` did not come from the system. */
export function systemCode(error: unknown): string | undefined {
  // Not by instanceof: the system's errors can be of another realm than ours (vm contexts).
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && SYSTEM_CODE.test(code) ? code : undefined;
}

/** @returns the error to throw for a failed look at `path`; errors that are not the system's come back unchanged. */
export function readFailure(error: unknown, path: string): unknown {
  const code = error instanceof LocalError ? undefined : systemCode(error);
  return code === undefined ? error : new LocalStateUnusable(path, code, { cause: error });
}

/** @returns the error to throw for a failed write to `file`; errors that are not the system's come back unchanged. */
export function writeFailure(error: unknown, file: string): unknown {
  const code = error instanceof LocalError ? undefined : systemCode(error);
  if (code === undefined) return error;
  if (NO_ROOM.has(code)) return new LocalStateFull(file, 'there is no room for it', { cause: error });
  if (NO_PERMISSION.has(code)) return new LocalStateReadOnly(file, { cause: error });
  return new LocalStateUnusable(file, code, { cause: error });
}
