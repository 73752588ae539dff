/** Opening and closing the journal's one file: ownership, permissions, and refusing what is not ours to open. */
import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fchmodSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import Database from 'libsql';
import { makeDirectory } from '../files/directories.js';
import { renameDurably } from '../files/durable-file.js';
import { isNoRoom } from '../files/system-error.js';
import { ForeignFile, NewerJournal, UnreadableJournal } from './errors.js';
import { DamagedJournal, JournalFull, JournalLocked } from './journal.js';
import { foldAtEnd, restoreLog } from './log-folding.js';
import { failureOf } from './sqlite-failure.js';
import { ADDITIONS, APPLICATION_ID, SCHEMA_VERSION } from './sqlite-schema.js';
import { finishSwap } from './swap.js';

export type Connection = Database.Database;

const FILE = 'journal.sqlite';
const PRIVATE_FILE = 0o600;

/** A file of one page has a header and no tables yet. */
const FIRST_PAGE_BYTES = 4096;

/** Bytes the write-ahead log is cut back to after a large commit (a snapshot), so that it does not hold the disk. */
const LOG_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Opens the journal in `directory`, making both when they are not there, and owns it until `closeFile`.
 * @throws {JournalLocked} while another process, or another journal in this one, has it open
 * @throws {NewerJournal} when a later version wrote it
 * @throws {ForeignFile} when something else is in its place
 * @throws {DamagedJournal} when SQLite cannot make sense of it
 * @throws {UnreadableJournal} when the disk does not give what is on it
 * @throws {JournalFull} when there is no room to make it
 * @throws the system's error (EACCES, EROFS) when it may not be written
 */
export function openFile(directory: string, platform: NodeJS.Platform = process.platform): Connection {
  const file = journalFile(directory);
  let unfolded: string | undefined;
  try {
    finishSwap(directory);
    restoreLog(file);
    makePrivate(directory, file);
    if (onlyInLog(file)) unfolded = keepLog(directory, 'refuse');
  } catch (error) {
    throw explain(error, file);
  }
  const connection = new Database(file);
  try {
    reachTheDisk(connection, platform);
    // What removed sessions held can be given back only by a file that was prepared for it before it was first read.
    if (statSync(file).size === 0) connection.exec('PRAGMA auto_vacuum = INCREMENTAL');
    takeOwnership(connection);
    const version = inspect(connection, file);
    const kept = version === 0 ? keptLogs(directory).at(-1) : undefined;
    if (kept !== undefined) {
      throw new DamagedJournal(
        '',
        0,
        `The log of the journal, which alone has its entries, is damaged; it is in ${kept}, and a repair looks for them in it`,
      );
    }
    // What the log has is in use: the copy was for the case that it is not.
    if (unfolded !== undefined) rmSync(unfolded);
    configure(connection);
    checkTables(connection, version);
    if (version < SCHEMA_VERSION) addTables(connection, version);
  } catch (error) {
    // Of a journal of ours nothing is left but the copy of its log.
    if (error instanceof DamagedJournal && unfolded !== undefined) closeFile(connection, directory);
    else letGo(connection);
    throw explain(error, file);
  }
  return connection;
}

/** A journal that was killed young has nothing in its file yet. Were its log lost, a new one would be made in its place. */
function onlyInLog(file: string): boolean {
  return statSync(file).size <= FIRST_PAGE_BYTES && existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0;
}

export interface Holder {
  release(): void;
}

/**
 * Keeps others from opening a file that this process could not open, as far as that can be done. Who has it locked can
 * only be a connection of our own that libsql has not let go of: nobody else could open it either.
 */
export function holdFile(file: string): Holder {
  const connection = new Database(file);
  let held = true;
  try {
    takeOwnership(connection);
  } catch (error) {
    if (!failureOf(error)) throw error;
  }
  return {
    release: () => {
      if (held) connection.close();
      held = false;
    },
  };
}

/** @returns what SQLite finds wrong with the structure of the pages, if anything. @throws as `openFile` */
export function structuralDamage(directory: string): string | undefined {
  const connection = openFile(directory);
  try {
    const rows = connection.prepare('SELECT CAST(quick_check AS BLOB) FROM pragma_quick_check(1)').raw().all([]) as [
      Buffer,
    ][];
    const found = rows[0]?.[0].toString();
    return found === 'ok' ? undefined : found;
  } finally {
    closeFile(connection, directory);
  }
}

/**
 * Copies the log before anything can end it, for someone to look for the entries that SQLite did not find in it. Opening ends
 * the log, so a second attempt finds an empty one: that is no news, and no copy takes the place of another.
 * @param whenFull what is done where there is no room for a copy: a sound log that is moved away looks like a lost one
 * @returns where the newest copy is, if there is one
 * @throws the system's error (ENOSPC) when there is no room and it is to refuse
 */
export function keepLog(directory: string, whenFull: 'move' | 'refuse'): string | undefined {
  const log = join(resolve(directory), `${FILE}-wal`);
  try {
    const kept = keptLogs(directory);
    if (!existsSync(log) || statSync(log).size === 0) return kept.at(-1);
    const copy = kept.length === 0 ? `${log}.kept` : `${log}.kept.${kept.length + 1}`;
    const [newest] = kept.slice(-1);
    if (newest !== undefined && readFileSync(newest).equals(readFileSync(log))) return newest;
    return copyOrMove(log, copy, whenFull);
  } catch (error) {
    if (whenFull === 'refuse' && isNoRoom(error)) throw error;
    return undefined;
  }
}

/** What cannot be read now, perhaps can be later: it must not be in the place where closing ends it. */
function copyOrMove(log: string, copy: string, whenFull: 'move' | 'refuse'): string {
  try {
    copyFileSync(log, copy, constants.COPYFILE_EXCL);
  } catch (error) {
    if (whenFull === 'refuse' && isNoRoom(error)) throw error;
    renameDurably(log, copy);
  }
  return copy;
}

/** @returns the log, or the newest copy of one that an opening ended; empty when there is neither. */
export function newestLog(directory: string): Buffer {
  const log = join(resolve(directory), `${FILE}-wal`);
  const candidates = [log, ...keptLogs(directory).reverse()];
  const found = candidates.find((path) => existsSync(path) && statSync(path).size > 0);
  return found === undefined ? Buffer.of() : readFileSync(found);
}

/** @returns copies of logs that could not be used, oldest first: `.kept`, `.kept.2`, `.kept.3` … */
export function keptLogs(directory: string): string[] {
  const first = join(resolve(directory), `${FILE}-wal.kept`);
  const kept: string[] = [];
  for (let path = first; existsSync(path); path = `${first}.${kept.length + 1}`) kept.push(path);
  return kept;
}

/**
 * libsql 0.5.29 leaves prepared statements open until they are garbage, and with them the connection and its locks
 * (tursodatabase/libsql-js#228). Leaving WAL and the exclusive mode by hand lets go of the locks at once.
 */
export function closeFile(connection: Connection, directory: string): void {
  const tried = (sql: string): void => {
    try {
      connection.exec(sql);
    } catch {
      // No room to fold the log into the file: it stays for the next opener, which is as good.
    }
  };
  foldAtEnd(journalFile(directory), {
    fold: () => tried('PRAGMA journal_mode = DELETE'),
    release: () => {
      tried('PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_master');
      connection.close();
    },
  });
}

/** @returns where the journal of a directory is */
export function journalFile(directory: string): string {
  return join(resolve(directory), FILE);
}

/** Closes a file that was refused. It may be another program's, so its mode and its log are left alone. */
function letGo(connection: Connection): void {
  try {
    connection.exec('PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_master');
  } catch {
    // What cannot be read has no lock to let go of.
  }
  connection.close();
}

/** Modes are set again because a umask may have taken bits away. SQLite gives its log the mode of the file. */
function makePrivate(directory: string, file: string): void {
  makeDirectory(directory);
  try {
    const created = openSync(file, 'wx', PRIVATE_FILE);
    fchmodSync(created, PRIVATE_FILE);
    closeSync(created);
  } catch (error) {
    // An existing file must not even be opened here: closing it would drop the locks this process holds on it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** The exclusive mode keeps the lock that a transaction takes. A COMMIT would write the header of an empty file. */
function takeOwnership(connection: Connection): void {
  connection.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK');
}

/** @returns the version of the file's tables; 0 when it holds nothing yet. Reads only. */
function inspect(connection: Connection, file: string): number {
  const application = pragma(connection, 'application_id');
  const objects = connection.prepare('SELECT count(*) FROM sqlite_master').raw().all() as [[number]];
  if (application === 0 && objects[0][0] === 0) return 0;
  if (application !== APPLICATION_ID) throw new ForeignFile(file);
  const version = pragma(connection, 'user_version');
  if (version > SCHEMA_VERSION) throw new NewerJournal(file, version, SCHEMA_VERSION);
  return version;
}

function pragma(connection: Connection, name: string): number {
  const rows = connection.prepare(`PRAGMA ${name}`).raw().all() as [[number]];
  return rows[0][0];
}

/**
 * On macOS fsync(2) leaves the data in the drive's own cache; SQLite asks for more only when told to. Node needs no
 * telling: its fsync is F_FULLFSYNC there, for files as for directories (libuv, src/unix/fs.c, uv__fs_fsync).
 */
function reachTheDisk(connection: Connection, platform: NodeJS.Platform): void {
  if (platform === 'darwin') connection.exec('PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON');
}

function configure(connection: Connection): void {
  connection.exec(
    [
      'PRAGMA journal_mode = WAL',
      'PRAGMA synchronous = FULL',
      `PRAGMA journal_size_limit = ${LOG_LIMIT_BYTES}`,
      // See log-folding.ts.
      'PRAGMA wal_autocheckpoint = 0',
    ].join('; '),
  );
}

/** Makes the tables of a new file, or those that an earlier version did not have. */
function addTables(connection: Connection, version: number): void {
  connection.exec(
    [
      'BEGIN IMMEDIATE',
      ...ADDITIONS.slice(version).flat(),
      `PRAGMA application_id = ${APPLICATION_ID}`,
      `PRAGMA user_version = ${SCHEMA_VERSION}`,
      'COMMIT',
    ].join(';\n'),
  );
}

/** A flipped bit in a table's definition would change what it promises. */
function checkTables(connection: Connection, version: number): void {
  const rows = connection
    .prepare('SELECT CAST(sql AS BLOB) FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid')
    .raw()
    .all() as [Buffer][];
  const found = rows.map(([sql]) => sql.toString());
  if (found.join() === ADDITIONS.slice(0, version).flat().join()) return;
  throw new DamagedJournal('', 0, 'The definitions of the tables are damaged');
}

function explain(error: unknown, file: string): unknown {
  switch (failureOf(error)) {
    case 'locked':
      return new JournalLocked(`${file} is in use by another process: stop that one, or choose another directory`);
    case 'unreadable':
      return new UnreadableJournal(file, { cause: error });
    case 'full':
      return new JournalFull(`There is no room to open ${file}`, { cause: error });
    case 'foreign':
      return new ForeignFile(file);
    case 'corrupt':
    case 'other':
      return denial(file) ?? new DamagedJournal('', 0, `${file} is damaged: ${(error as Error).message}`);
    default:
      return error;
  }
}

/** SQLite has one code for a file that may not be written and for one that says of itself that it must not be. */
function denial(file: string): unknown {
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
    accessSync(dirname(file), constants.W_OK);
    return undefined;
  } catch (error) {
    return error;
  }
}
