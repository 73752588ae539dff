/** What the operating system answered, told from the errors of programs. */

import { constants } from 'node:os';

/** Node's own errors are ERR_WITH_UNDERSCORES. */
const SYSTEM_CODE = /^E[A-Z0-9]+$/;

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const NO_PERMISSION = new Set(['EROFS', 'EACCES', 'EPERM']);

/** @returns the system's error code (`ENOENT`, ...), or undefined when `error` did not come from the system. */
export function systemCode(error: unknown): string | undefined {
  // Not by instanceof: the system's errors can be of another realm than ours (vm contexts).
  const { code, errno } = (error ?? {}) as { code?: unknown; errno?: unknown };
  // libuv has no name for it: "Unknown system error -122".
  if (errno === -constants.errno.EDQUOT) return 'EDQUOT';
  return typeof code === 'string' && SYSTEM_CODE.test(code) ? code : undefined;
}

/** @returns whether the disk, a quota or a size limit was in the way: that may pass */
export function isNoRoom(error: unknown): boolean {
  return NO_ROOM.has(systemCode(error) ?? '');
}

/** @returns whether the place may not be written to */
export function isNoPermission(error: unknown): boolean {
  return NO_PERMISSION.has(systemCode(error) ?? '');
}
