/** Writing to a path that a person named, which may be a device, a pipe, or a link to something else. */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { placeOf } from './descriptor-path.js';
import { syncDirectory } from './directories.js';
import { temporaryBeside } from './durable-file.js';
import { systemCode } from './system-error.js';

export interface OutputOptions {
  /** Permission bits of a file that is not there yet, less the umask; those of one that is are kept. */
  readonly mode?: number;
  /** Whether it is to survive a loss of power. */
  readonly durable?: boolean;
  /** What to do while nobody reads from a pipe: wait, or fail with ENXIO (it is not open for reading) or EAGAIN (full). */
  readonly whenStalled?: 'wait' | 'fail';
  /** What a terminal gets in place of the content: it would obey some of what others wrote. May throw instead. */
  readonly onTerminal?: (bytes: Uint8Array) => Uint8Array;
}

const PRIVATE_MODE = 0o600;
const PERMISSION_BITS = 0o7777;

/** Milliseconds between looks at a pipe that nobody reads from yet, or that is full. */
const PIPE_PAUSE_MS = 20;

/** Nothing can be renamed into this place, though the file itself may be writable: a mounted file, another's directory. */
const NO_RENAME = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'EXDEV']);

/**
 * Puts `content` where `path` leads, links followed. A regular file is replaced whole, with its mode and, where that is
 * allowed, its owner; a file into whose place nothing can be renamed is overwritten, and so is whatever else is there.
 * @throws the system's error; a regular file that could be replaced is then as it was
 */
export async function writeNamedOutput(
  path: string,
  content: string | Uint8Array,
  options: OutputOptions = {},
): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const { path: file, descriptor } = placeOf(path);
  if (descriptor !== undefined) return writeAll(descriptor, bytes, options);
  const there = statSync(file, { throwIfNoEntry: false });
  if (there === undefined || there.isFile()) replace(file, bytes, there, options);
  else await writeInto(file, bytes, options);
}

function replace(file: string, bytes: Uint8Array, there: Stats | undefined, options: OutputOptions): void {
  const { mode = PRIVATE_MODE, durable = true } = options;
  const temporary = temporaryBeside(file);
  try {
    writeNew(temporary, bytes, there === undefined ? mode : PRIVATE_MODE, durable);
    if (there !== undefined) keepOwnerAndMode(temporary, there);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    if (there === undefined || !NO_RENAME.has(systemCode(error) ?? '')) throw error;
    overwrite(file, bytes, durable);
    return;
  }
  if (durable) syncDirectory(dirname(file));
}

function writeNew(file: string, bytes: Uint8Array, mode: number, durable: boolean): void {
  const descriptor = openSync(file, 'wx', mode);
  try {
    // Goes on after short writes, which is how a disk that is getting full begins.
    writeFileSync(descriptor, bytes);
    if (durable) fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function keepOwnerAndMode(file: string, { uid, gid, mode }: Stats): void {
  try {
    chownSync(file, uid, gid);
  } catch {
    // Only root may give files away.
  }
  // Later, since a change of owner takes bits away.
  chmodSync(file, mode & PERMISSION_BITS);
}

function overwrite(file: string, bytes: Uint8Array, durable: boolean): void {
  const descriptor = openSync(file, constants.O_WRONLY | constants.O_TRUNC);
  try {
    writeFileSync(descriptor, bytes);
    if (durable) fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Without blocking: a process that waits inside of open() for a reader is deaf to signals. */
async function writeInto(file: string, bytes: Uint8Array, options: OutputOptions): Promise<void> {
  const descriptor = await openForWriting(file, options.whenStalled);
  try {
    await writeAll(descriptor, bytes, options);
  } finally {
    closeSync(descriptor);
  }
}

async function openForWriting(file: string, whenStalled: OutputOptions['whenStalled']): Promise<number> {
  for (;;) {
    try {
      return openSync(file, constants.O_WRONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0));
    } catch (error) {
      if (systemCode(error) !== 'ENXIO' || whenStalled === 'fail' || !statSync(file).isFIFO()) throw error;
      await sleep(PIPE_PAUSE_MS);
    }
  }
}

async function writeAll(descriptor: number, content: Uint8Array, options: OutputOptions): Promise<void> {
  const { whenStalled = 'wait', onTerminal } = options;
  const bytes = onTerminal && isatty(descriptor) ? onTerminal(content) : content;
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += writeSync(descriptor, bytes, offset);
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN' || whenStalled === 'fail') throw error;
      await sleep(PIPE_PAUSE_MS);
    }
  }
}
