/** Accepting an order: whole, once for each key, and on the disk before anybody is told so. */
import { existsSync, fsyncSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { syncDirectory } from '../../files/directories.js';
import { systemCode } from '../../files/system-error.js';
import { LocalStateLocked, OutboxKeyConflict } from '../errors.js';
import { ensurePrivateDirectory } from '../private-directory.js';
import { writeFailure } from '../system-error.js';
import type { OutboxDirectory, Survey } from './directory.js';
import { type Addressed, encodeEntry, isChange, isFor, type OutboxEntry, type OutboxOrder } from './entry.js';
import { entryName, hashOf, nextOrder } from './file-name.js';
import { type Announcement, announce, pauseMs, rivals, withdraw } from './reservation.js';

/** Milliseconds to wait for others that add the same key right now: each takes one, and on a busy machine half a second. */
const RIVAL_WAIT_MS = 15_000;

/** The attempt came to nothing because of another process. */
class Outrun extends Error {
  constructor(readonly file: string) {
    super();
  }
}

export interface Acceptance {
  /** Durable. */
  readonly entry: OutboxEntry;
  /** False when the key had been accepted for the same already, and the entry is that one: somebody else's. */
  readonly isNew: boolean;
}

type NewOrder = Addressed<OutboxOrder>;

/**
 * @throws OutboxKeyConflict, LocalStateFull, LocalStateReadOnly, LocalStateNewer, LocalStateLocked, UnsafePath; nothing
 *   is left behind then
 */
export function accept(directory: OutboxDirectory, order: NewOrder, now: () => Date): Acceptance {
  const start = performance.now();
  for (;;) {
    try {
      makeDurably(directory.path);
      return acceptNow(directory, order, now);
    } catch (error) {
      if (!(error instanceof Outrun)) throw writeFailure(error, directory.path);
      if (performance.now() - start >= RIVAL_WAIT_MS) {
        throw new LocalStateLocked(directory.path, error.file, RIVAL_WAIT_MS);
      }
      pause(pauseMs());
    }
  }
}

/** Makes the directory so that it is still there after a loss of power, with all that is synced inside of it. */
export function makeDurably(path: string): void {
  const parents: string[] = [];
  for (let missing = path; !existsSync(missing); missing = dirname(missing)) parents.push(dirname(missing));
  ensurePrivateDirectory(path);
  for (const parent of parents) syncDirectory(parent);
}

function acceptNow(directory: OutboxDirectory, order: NewOrder, now: () => Date): Acceptance {
  const announcement = announce(directory, 'adding', hashOf(order.key));
  try {
    const found = directory.look();
    const [rival] = rivals(found, announcement.name, ['adding']);
    if (rival !== undefined) throw new Outrun(join(directory.path, rival.file));
    const entry = existing(directory, found, order);
    if (entry !== undefined) return { entry, isNew: false };
    return { entry: publish(directory, announcement, found, order, now()), isNew: true };
  } finally {
    withdraw(directory, announcement);
  }
}

/**
 * @returns the entry that waits under the key
 * @throws OutboxKeyConflict if it was accepted for something else
 */
export function existing(directory: OutboxDirectory, found: Survey, order: NewOrder): OutboxEntry | undefined {
  const name = found.entries.find(({ keyHash }) => keyHash === hashOf(order.key));
  const entry = name && directory.read(name);
  if (entry === undefined) return undefined;
  if (contentOf(entry) !== contentOf(order)) {
    throw new OutboxKeyConflict(order.key, isChange(order) ? 'change' : 'code');
  }
  if (entry.session !== order.session) throw new OutboxKeyConflict(order.key, 'session');
  if (!isFor(entry, order)) throw new OutboxKeyConflict(order.key, 'connection');
  return entry;
}

/** Of equal texts the orders ask for the same, and are of the same kind. */
function contentOf(order: OutboxOrder): string {
  return JSON.stringify(isChange(order) ? order.patch : order.code);
}

function publish(
  directory: OutboxDirectory,
  { path, descriptor, name: { subject, owner } }: Announcement,
  found: Survey,
  order: NewOrder,
  now: Date,
): OutboxEntry {
  const accepted = { ...order, acceptedAt: now.toISOString() };
  // Goes on after short writes, which is how a disk that is getting full begins.
  writeFileSync(descriptor, encodeEntry(accepted));
  fsyncSync(descriptor);
  const place = nextOrder(now.getTime(), found.entries.at(-1)?.order);
  const target = join(directory.path, entryName(place, subject, owner).file);
  rename(path, target);
  try {
    syncDirectory(directory.path);
  } catch (error) {
    if (isTakenBack(target)) throw error;
    directory.say(`${target} is accepted, but may not survive a loss of power: ${(error as Error).message}`);
  }
  return { ...accepted, order: place, state: 'sending', owner };
}

/** @returns false if the entry is still there, so that somebody will deliver it: then it counts as accepted */
function isTakenBack(target: string): boolean {
  try {
    unlinkSync(target);
    return true;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return systemCode(error) === 'ENOENT';
  }
}

function rename(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // A process that cannot see ours, being of another PID namespace, has swept it.
    if (systemCode(error) === 'ENOENT') throw new Outrun(from);
    throw error;
  }
}

/** `add` is to be done when it returns, so nothing else may happen in between. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
