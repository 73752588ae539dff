/** Keeps what a repair takes away: nothing that might still be of use to somebody is ever only deleted. */
import { join, resolve } from 'node:path';
import { makeDirectoryDurably } from '../files/directories.js';
import { createDurably } from '../files/durable-file.js';

const FOLDER = 'damaged';

/**
 * Writes records to a new file, one JSON document a line, in the folder for damaged things below `directory`.
 * @param name what the file's name begins with
 * @returns the file, durable when it returns. @throws the system's error
 */
export function keepAside(directory: string, name: string, records: Iterable<unknown>): string {
  const file = join(damagedFolder(directory), `${encodeURIComponent(name)}-${timestamp(new Date())}.jsonl`);
  createDurably(file, linesOf(records));
  return file;
}

/** @returns the folder below `directory`, which is made when it is not there. */
export function damagedFolder(directory: string): string {
  const folder = join(resolve(directory), FOLDER);
  makeDirectoryDurably(folder);
  return folder;
}

function* linesOf(records: Iterable<unknown>): Iterable<string> {
  for (const record of records) yield `${JSON.stringify(record)}\n`;
}

/** @returns the time for a file's name: UTC, with milliseconds, without colons. */
export function timestamp(time: Date): string {
  return time.toISOString().replaceAll(':', '-');
}
