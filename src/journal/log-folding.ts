/**
 * Folding the write-ahead log into the file, only while all of it can be read. libsql 0.5.29 does not look at whether a page
 * of the log came in when it folds: where the disk answers EIO it writes what its buffer holds, and removes the log. So
 * SQLite does not fold by itself, and of the last log a second name stays until it is known to have been read.
 */
import { closeSync, existsSync, fstatSync, linkSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';

/** Bytes after which the log is folded: SQLite's own measure, 1,000 pages. */
export const FOLDED_LOG_BYTES = 4 * 1024 * 1024;

const PIECE_BYTES = 1024 * 1024;

/** What is executed, and where. */
interface Executor {
  exec(sql: string): unknown;
}

/** Folds a log that has become long. One that cannot be read stays: it alone has what is in it. */
export function foldWhenLong(connection: Executor, file: string): void {
  const log = logOf(file);
  try {
    if (statSync(log).size < FOLDED_LOG_BYTES || !isReadable(log)) return;
    connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // What is in the log is as durable there.
  }
}

/**
 * Folds the log for good.
 * @param close ends the connection, and with it the log
 */
export function foldAtEnd(file: string, close: () => void): void {
  const log = logOf(file);
  const isKept = keep(log);
  const readable = isReadable(log);
  // Not even closed: that would fold it, too. The process ends soon, and the next one finds the log.
  if (!readable && !isKept) return;
  close();
  if (readable) rmSync(keptAs(log), { force: true });
}

/** Gives a log its name back that the last owner could not read. To be called before the file is opened. */
export function restoreLog(file: string): void {
  const log = logOf(file);
  if (!existsSync(keptAs(log))) return;
  // Where both are there, they are one and the same file.
  if (existsSync(log)) rmSync(keptAs(log));
  else renameSync(keptAs(log), log);
}

function logOf(file: string): string {
  return `${file}-wal`;
}

function keptAs(log: string): string {
  return `${log}.folding`;
}

/** @returns whether it has a second name now: not every file system has those */
function keep(log: string): boolean {
  try {
    linkSync(log, keptAs(log));
    return true;
  } catch {
    return false;
  }
}

function isReadable(log: string): boolean {
  if (!existsSync(log)) return true;
  let descriptor: number | undefined;
  try {
    descriptor = openSync(log, 'r');
    const { size } = fstatSync(descriptor);
    const piece = Buffer.allocUnsafe(Math.min(size, PIECE_BYTES));
    for (let offset = 0; offset < size; ) {
      const count = readSync(descriptor, piece, 0, piece.length, offset);
      if (count === 0) return false;
      offset += count;
    }
    return true;
  } catch {
    return false;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
