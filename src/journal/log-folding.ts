/**
 * Folding the write-ahead log into the file, only while all of it can be read. libsql 0.5.29 does not look at whether a page
 * of the log came in when it folds: where the disk answers EIO it writes what its buffer holds, and removes the log. So
 * SQLite does not fold by itself, and the last log keeps a second name until the file is known to have all that was in it.
 */
import { closeSync, existsSync, linkSync, openSync, readFileSync, readSync, rmSync, statSync } from 'node:fs';
import { renameDurably } from '../files/durable-file.js';

/** Bytes after which the log is folded: SQLite's own measure, 1,000 pages. */
export const FOLDED_LOG_BYTES = 4 * 1024 * 1024;

const PAGE_BYTES = 4096;
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const FRAME_BYTES = FRAME_HEADER_BYTES + PAGE_BYTES;

/** What leaving the log behind changes in the header of the file: its formats, its counter, and for which count it holds. */
const CHANGED_AT_END = [
  [18, 20],
  [24, 28],
  [92, 100],
] as const;

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

export interface Ending {
  /** Folds the log and removes it. */
  fold(): void;
  /** Lets go of the file. */
  release(): void;
}

/** Folds the log for good, and makes sure that the file has what the log had. */
export function foldAtEnd(file: string, { fold, release }: Ending): void {
  const log = logOf(file);
  const isKept = keep(log);
  const bytes = contentsOf(log);
  // Not even closed: that would fold it, too. The process ends soon, and the next one finds the log.
  if (bytes === undefined && !isKept) return;
  // Closing it would end the locks that SQLite has on the file, so it stays open as long as they are needed.
  const descriptor = opened(file);
  fold();
  const isFolded = bytes !== undefined && descriptor !== undefined && hasAll(descriptor, bytes);
  release();
  if (descriptor !== undefined) closeSync(descriptor);
  if (isFolded) rmSync(keptAs(log), { force: true });
}

function opened(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch {
    return undefined;
  }
}

/** Gives a log its name back that the last owner could not read. To be called before the file is opened. */
export function restoreLog(file: string): void {
  const log = logOf(file);
  if (!existsSync(keptAs(log))) return;
  // Where both are there, they are one and the same file.
  if (existsSync(log)) rmSync(keptAs(log));
  else renameDurably(keptAs(log), log);
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
  return contentsOf(log) !== undefined;
}

/** @returns undefined when it cannot be read; empty when there is none */
function contentsOf(log: string): Buffer | undefined {
  try {
    return existsSync(log) ? readFileSync(log) : Buffer.of();
  } catch {
    return undefined;
  }
}

/** @returns whether the file has the pages as the log's last transactions left them */
function hasAll(descriptor: number, log: Buffer): boolean {
  const { pages, count } = committedIn(log);
  const found = Buffer.alloc(PAGE_BYTES);
  try {
    for (const [number, page] of pages) {
      if (number > count) continue;
      const length = readSync(descriptor, found, 0, PAGE_BYTES, (number - 1) * PAGE_BYTES);
      if (length !== PAGE_BYTES || !isSame(number, page, found)) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** The log's layout: https://www.sqlite.org/fileformat2.html#the_write_ahead_log */
function committedIn(log: Buffer): { pages: ReadonlyMap<number, Buffer>; count: number } {
  const pages = new Map<number, Buffer>();
  const salt = log.subarray(16, 24);
  let uncommitted: [number, Buffer][] = [];
  let count = 0;
  for (let at = LOG_HEADER_BYTES; at + FRAME_BYTES <= log.length; at += FRAME_BYTES) {
    // From here on it is what an earlier turn of the log left.
    if (!log.subarray(at + 8, at + 16).equals(salt)) break;
    uncommitted.push([log.readUInt32BE(at), log.subarray(at + FRAME_HEADER_BYTES, at + FRAME_BYTES)]);
    const pageCount = log.readUInt32BE(at + 4);
    if (pageCount === 0) continue;
    for (const [number, page] of uncommitted) pages.set(number, page);
    uncommitted = [];
    count = pageCount;
  }
  return { pages, count };
}

function isSame(number: number, page: Buffer, found: Buffer): boolean {
  if (number > 1) return page.equals(found);
  const [one, other] = [Buffer.from(page), Buffer.from(found)];
  for (const [from, to] of CHANGED_AT_END) {
    one.fill(0, from, to);
    other.fill(0, from, to);
  }
  return one.equals(other);
}
