/** Saving what can be saved of a journal that cannot be opened any more. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { syncFile } from '../files/durable-file.js';
import { ForeignFile } from './errors.js';
import { DamagedJournal, type Journal } from './journal.js';
import { timestamp } from './kept-aside.js';
import { sortOut } from './raw-rows.js';
import { type Reassembled, reassemble } from './reassembly.js';
import { openSqliteJournal } from './sqlite.js';
import { type Holder, holdFile, newestLog, structuralDamage } from './sqlite-file.js';
import { recordsOf } from './sqlite-pages.js';
import { beginSwap, commitSwap, finishSwap, forgetUnfinished } from './swap.js';

const FILE = 'journal.sqlite';

export interface SalvageOptions {
  /** Where the journal lives. */
  readonly directory: string;
  /** Changes nothing, and tells what would be saved. */
  readonly dryRun: boolean;
  /** Names what is kept aside. */
  readonly now: Date;
}

export interface SalvagedSession {
  readonly id: string;
  readonly name: string;
  /** Where the session ends: the last of its first entries that verify. */
  readonly lastGood: number;
  readonly damage: string | null;
}

export interface Salvage {
  /** Why the journal could not be opened; nothing when it could, and was left as it is. */
  readonly damage: string | null;
  readonly sessions: readonly SalvagedSession[];
  /** The folder with the old files; nothing when they are still in their place. */
  readonly keptIn: string | null;
}

/**
 * Makes a new journal of what can be read of a damaged one, and puts it in its place. The old files are kept.
 * @throws {JournalLocked} while another owns it
 * @throws {NewerJournal} when a later version wrote it
 * @throws {ForeignFile} when nothing of a journal is in the file
 * @throws {JournalFull} when there is no room for another one; nothing was changed
 */
export async function salvageJournal({ directory, dryRun, now }: SalvageOptions): Promise<Salvage> {
  const file = join(resolve(directory), FILE);
  if (!dryRun) finishSwap(directory);
  if (!existsSync(file)) return { damage: null, sessions: [], keptIn: null };
  // Before SQLite sees them: it drops the rest of a log behind a damaged frame.
  const [bytes, log] = [readFileSync(file), newestLog(directory)];
  const failure = await tryToUse(directory);
  if (!(failure instanceof Error)) return { damage: null, sessions: failure, keptIn: null };
  const holder = holdFile(file);
  try {
    const found = await gather(bytes, log);
    if (found.length === 0 && failure instanceof ForeignFile) throw failure;
    const sessions = found.map(({ id, name, entries, damage }) => ({ id, name, lastGood: entries.length, damage }));
    const keptIn = dryRun ? null : await replace(directory, found, timestamp(now), holder);
    return { damage: failure.message, sessions, keptIn };
  } finally {
    holder.release();
  }
}

/** @returns the sessions of a journal that can be used or repaired, or why it can not, if salvaging is the remedy. */
async function tryToUse(directory: string): Promise<SalvagedSession[] | Error> {
  let journal: Journal | undefined;
  try {
    journal = openSqliteJournal({ directory });
    const sessions = describe(journal);
    // What a repair can do needs no salvage; it says so itself when it cannot.
    for (const { id } of sessions) await journal.repair(id, { dryRun: true });
    await journal.close();
    const damage = structuralDamage(directory);
    return damage === undefined ? sessions : new DamagedJournal('', 0, `The file is damaged: ${damage}`);
  } catch (error) {
    if (error instanceof DamagedJournal || error instanceof ForeignFile) return error;
    throw error;
  } finally {
    await journal?.close();
  }
}

function describe(journal: Journal): SalvagedSession[] {
  return journal.sessions().map(({ id }) => {
    const { lastGood, damage = null } = journal.verify(id);
    let name = '';
    for (const { entry } of journal.read(id, { upTo: lastGood })) {
      if (entry.type === 'created' || entry.type === 'renamed') name = entry.name;
    }
    return { id, name, lastGood, damage };
  });
}

/** @returns the sessions that can be put together, oldest first; of two with one id the longer. */
async function gather(file: Buffer, log: Buffer): Promise<Reassembled[]> {
  const sessions = new Map<string, Reassembled>();
  for (const [, found] of [...sortOut(recordsOf(file, log))].sort(([one], [other]) => one - other)) {
    await nextTurn();
    const session = found.current ? reassemble(found) : undefined;
    const known = session && sessions.get(session.id);
    if (session && session.entries.length > (known?.entries.length ?? 0)) sessions.set(session.id, session);
  }
  return [...sessions.values()];
}

/** @returns where the old files are. */
async function replace(
  directory: string,
  found: readonly Reassembled[],
  stamp: string,
  holder: Holder,
): Promise<string | null> {
  forgetUnfinished(directory);
  const folder = beginSwap(directory, stamp);
  try {
    const journal = openSqliteJournal({ directory: folder });
    try {
      for (const { id, entries, blobs } of found) await journal.adopt(id, entries, blobs);
    } finally {
      await journal.close();
    }
    syncFile(join(folder, FILE));
    commitSwap(directory, stamp);
  } catch (error) {
    forgetUnfinished(directory);
    throw error;
  }
  holder.release();
  return finishSwap(directory) ?? null;
}
