/** Files that are whole at every moment and, once written, survive a loss of power. */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { syncDirectory } from './directories.js';
import { systemCode } from './system-error.js';

const PRIVATE_MODE = 0o600;

/** What a file system without hard links answers (exFAT, some network mounts). */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

export interface FileOptions {
  /** Permission bits, whatever the umask. */
  readonly mode?: number;
}

/**
 * Writes a whole file, in the place of the one that is there. Durable when it returns.
 * @throws the system's error; the file is then as it was
 */
export function writeDurably(file: string, content: string | Uint8Array, options: FileOptions = {}): void {
  replaceBy(file, (temporary) => createSynced(temporary, [content], options));
  syncDirectory(dirname(file));
}

/** Like writeDurably, for what may be lost with the power: nobody ever reads a part of it. */
export function writeWhole(
  file: string,
  content: string | Uint8Array,
  { mode = PRIVATE_MODE }: FileOptions = {},
): void {
  replaceBy(file, (temporary) => writeFileSync(temporary, content, { flag: 'wx', mode }));
}

/**
 * Writes a file that is not there yet. Durable when it returns.
 * @throws the system's error, EEXIST if it is there; nothing is left behind then
 */
export function createDurably(file: string, chunks: Iterable<string | Uint8Array>, options: FileOptions = {}): void {
  createSynced(file, chunks, options);
  syncDirectory(dirname(file));
}

/** Gives a file another name, durably, in place of what has that name. @throws the system's error */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncDirectory(dirname(to));
}

/** Has the content of a file on the disk when it returns. Its name is durable by syncDirectory. @throws the system's error */
export function syncFile(file: string): void {
  // Windows flushes only what is open for writing.
  const descriptor = openSync(file, constants.O_RDWR);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A second name for a file; a copy where the file system knows no hard links. @throws the system's error, EEXIST if `to` exists */
export function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!NO_LINKS.has(systemCode(error) ?? '')) throw error;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  }
}

/**
 * A name beside `file` for what is to take its place. Random, since a process that was killed leaves its own behind, and
 * its process id is given out again.
 */
export function temporaryBeside(file: string): string {
  return join(dirname(file), `.stui-${randomUUID()}.tmp`);
}

function replaceBy(file: string, write: (temporary: string) => void): void {
  const temporary = temporaryBeside(file);
  try {
    write(temporary);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function createSynced(file: string, chunks: Iterable<string | Uint8Array>, { mode = PRIVATE_MODE }: FileOptions): void {
  const descriptor = openSync(file, 'wx', mode);
  try {
    fchmodSync(descriptor, mode);
    // Goes on after short writes, which is how a disk that is getting full begins.
    for (const chunk of chunks) writeFileSync(descriptor, chunk);
    fsyncSync(descriptor);
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
