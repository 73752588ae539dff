/**
 * Replacing a store file through conf so that every reader, at every moment, finds a whole file.
 *
 * conf alone reports success after a short write on a full disk, and writes in place in some environments. So it writes
 * to a staging file beside the store; that is read back, compared, and only then renamed into place. The version before
 * stays as NAME.bak for the day the file itself gets damaged.
 */
import { linkSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type Conf from 'conf';
import { linkOrCopy, renameDurably, syncFile } from '../files/durable-file.js';
import { systemCode } from '../files/system-error.js';
import { LocalStateFull } from './errors.js';
import { type Fields, type Identity, identityOf } from './store-contents.js';

const FILE_MODE = 0o600;

export interface StoreFile {
  readonly directory: string;
  /** Without extension. */
  readonly name: string;
}

/** Another process changed the file although we hold its lock: ours was taken for stale. Nothing was written. */
export class Overtaken extends Error {}

export function storePath(at: StoreFile): string {
  return join(at.directory, `${at.name}.json`);
}

export function backupPath(at: StoreFile): string {
  return `${storePath(at)}.bak`;
}

/** Removes what killed writers left. Call it with the lock held: whoever still writes has lost the lock. */
export function sweepStaging(at: StoreFile): void {
  for (const entry of readdirSync(at.directory)) {
    if (entry.startsWith(stagingPrefix(at))) rmSync(join(at.directory, entry), { force: true });
  }
}

/**
 * Replaces the store by `fields`, durably. Call it with the lock held.
 * @param base the version that `fields` were made from, undefined if there was no file
 * @param keepAside where to keep the file that is replaced, if it is a damaged one; the backup then stays as it is
 * @throws LocalStateFull if the disk did not take all of it; the old file is still there
 * @throws Overtaken if the file is no longer `base`
 */
export function replaceStore(
  Store: typeof Conf,
  at: StoreFile,
  fields: Fields,
  base: Identity | undefined,
  keepAside: string | undefined,
): void {
  const staging = `${stagingPrefix(at)}${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    writeStaging(Store, at, staging, fields);
    commit(at, join(at.directory, `${staging}.json`), base, keepAside);
  } finally {
    rmSync(join(at.directory, `${staging}.json`), { force: true });
  }
}

function stagingPrefix(at: StoreFile): string {
  return `${at.name}.next-`;
}

function writeStaging(Store: typeof Conf, at: StoreFile, staging: string, fields: Fields): void {
  const conf = new Store<Record<string, unknown>>({
    cwd: at.directory,
    configName: staging,
    fileExtension: 'json',
    configFileMode: FILE_MODE,
    // A dot in a name is part of the name.
    accessPropertiesByDotNotation: false,
    // It would empty a damaged store without a trace.
    clearInvalidConfig: false,
  });
  // Not conf.set: that refuses the key `__internal__` anywhere inside a value, which a session may well have.
  conf.store = { ...fields };
  if (readBack(conf) !== JSON.stringify(fields)) {
    throw new LocalStateFull(storePath(at), 'the disk did not keep all that was written');
  }
  syncFile(conf.path);
}

function readBack(conf: Conf<Record<string, unknown>>): string | undefined {
  try {
    return JSON.stringify(conf.store);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function commit(at: StoreFile, staging: string, base: Identity | undefined, keepAside: string | undefined): void {
  const target = storePath(at);
  if (!same(base, current(target))) throw new Overtaken();
  if (keepAside !== undefined) setAside(target, keepAside);
  else if (base !== undefined) keepBackup(target, staging, backupPath(at));
  // A copy older than the file's own deletion must not come back later.
  else rmSync(backupPath(at), { force: true });
  try {
    renameDurably(staging, target);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw new Overtaken();
    throw error;
  }
}

/** By a link and not a rename: a crash in between must not leave us without the file, which means an empty store. */
function setAside(damaged: string, aside: string): void {
  try {
    linkSync(damaged, aside);
  } catch {
    // No links here, or it is a directory.
    renameDurably(damaged, aside);
  }
}

function keepBackup(target: string, staging: string, backup: string): void {
  const link = `${staging}.bak`;
  linkOrCopy(target, link);
  renameDurably(link, backup);
  // Renaming one link of a file onto another link of it does nothing, so the first one may still be there.
  rmSync(link, { force: true });
}

function current(path: string): Identity | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && identityOf(stats);
}

function same(one: Identity | undefined, other: Identity | undefined): boolean {
  return one?.inode === other?.inode && one?.size === other?.size && one?.modifiedNs === other?.modifiedNs;
}
