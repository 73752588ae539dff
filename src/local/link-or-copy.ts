/** A second name for a file, also where the file system knows no hard links (exFAT, some network mounts). */
import { constants, copyFileSync, linkSync } from 'node:fs';
import { systemCode } from './system-error.js';

/** What a file system without hard links answers. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** @throws the system's error, EEXIST if `to` exists */
export function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!NO_LINKS.has(systemCode(error) ?? '')) throw error;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  }
}
