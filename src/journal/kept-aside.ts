/** Keeps what a repair takes away: nothing that might still be of use to somebody is ever only deleted. */
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';

const FOLDER = 'damaged';
const PRIVATE_DIRECTORY = 0o700;
const PRIVATE_FILE = 0o600;

/**
 * Writes records to a new file, one JSON document a line, in the folder for damaged things below `directory`.
 * @param name what the file's name begins with
 * @returns the file, durable when it returns. @throws the system's error
 */
export function keepAside(directory: string, name: string, records: Iterable<unknown>): string {
  const file = join(damagedFolder(directory), `${encodeURIComponent(name)}-${timestamp(new Date())}.jsonl`);
  const descriptor = openSync(file, 'wx', PRIVATE_FILE);
  try {
    for (const record of records) writeSync(descriptor, `${JSON.stringify(record)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  syncDirectory(join(file, '..'));
  return file;
}

/** @returns the folder below `directory`, which is made when it is not there. */
export function damagedFolder(directory: string): string {
  const folder = join(resolve(directory), FOLDER);
  if (mkdirSync(folder, { recursive: true, mode: PRIVATE_DIRECTORY })) {
    chmodSync(folder, PRIVATE_DIRECTORY);
    syncDirectory(directory);
  }
  return folder;
}

/** Names in a directory are durable only when it was synced itself. */
export function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** @returns the time for a file's name: UTC, with milliseconds, without colons. */
export function timestamp(time: Date): string {
  return time.toISOString().replaceAll(':', '-');
}
