/**
 * Putting a salvaged journal in the place of the old one. It is in a folder of its own first; once that has its final
 * name, the rest is done by whoever comes next, should a crash come in between.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeDirectory, syncDirectory } from '../files/directories.js';
import { linkOrCopy, renameDurably } from '../files/durable-file.js';
import { damagedFolder } from './kept-aside.js';

const FILE = 'journal.sqlite';
const MARK = 'journal.mark';
/** What belongs to the old file and must not be taken for the new one's: its log, copies of it, and the like. */
const COMPANION = /^journal\.sqlite-(wal|shm|journal)(\.|$)/;

const READY = 'salvaged-';
const UNFINISHED = 'salvaging-';

/** @returns a new folder for the journal that is being made. */
export function beginSwap(directory: string, stamp: string): string {
  const folder = join(resolve(directory), `${UNFINISHED}${stamp}`);
  makeDirectory(folder);
  return folder;
}

/** The new journal is complete and on the disk: from here on it counts. */
export function commitSwap(directory: string, stamp: string): void {
  const folder = join(resolve(directory), `${UNFINISHED}${stamp}`);
  syncDirectory(folder);
  renameDurably(folder, join(resolve(directory), `${READY}${stamp}`));
}

/** Ends a swap that counts, and forgets what was left of one that does not. @returns where the old files are. */
export function finishSwap(directory: string): string | undefined {
  const names = namesIn(directory);
  const ready = names.find((name) => name.startsWith(READY));
  if (ready === undefined) return undefined;
  const stamp = ready.slice(READY.length);
  const [from, kept] = [join(resolve(directory), ready), keptFolder(directory, stamp)];
  const to = resolve(directory);
  if (existsSync(join(from, FILE))) {
    makeDirectory(kept);
    duplicate(join(to, FILE), join(kept, FILE));
    for (const name of names) if (COMPANION.test(name)) move(join(to, name), join(kept, name));
    if (existsSync(join(from, MARK))) move(join(to, MARK), join(kept, MARK));
    syncDirectory(kept);
    syncDirectory(join(kept, '..'));
    move(join(from, MARK), join(to, MARK));
    renameDurably(join(from, FILE), join(to, FILE));
  }
  rmSync(from, { recursive: true });
  return kept;
}

export function keptFolder(directory: string, stamp: string): string {
  return join(damagedFolder(directory), `journal-${stamp}`);
}

/** Removes what a salvage left that did not get as far as to count. */
export function forgetUnfinished(directory: string): void {
  for (const name of namesIn(directory)) {
    if (name.startsWith(UNFINISHED)) rmSync(join(resolve(directory), name), { recursive: true });
  }
}

function namesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** The old file stays in its place until the new one takes it: there is no moment without a journal. */
function duplicate(from: string, to: string): void {
  if (!existsSync(to) && existsSync(from)) linkOrCopy(from, to);
}

function move(from: string, to: string): void {
  if (existsSync(from)) renameDurably(from, to);
}
