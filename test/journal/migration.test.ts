import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import Database from 'libsql';
import { temporaryDirectory } from '../local/temporary.js';
import { created, input, noise, output, renamed, snapshot } from './drafts.js';
import { EARLY, openJournal } from './journals.js';
import { MemoryJournal } from './memory-journal.js';

const FILE = 'journal.sqlite';
const NEVER = { keep: 1e9, batch: 1e9, rest: 1e9, segment: 1 };

/** What version 1 made, to the letter. */
const TABLES = [
  `CREATE TABLE sessions (
    no INTEGER PRIMARY KEY, id BLOB NOT NULL, revision INTEGER NOT NULL, head BLOB NOT NULL, bytes INTEGER NOT NULL,
    digest BLOB NOT NULL
  )`,
  `CREATE TABLE entries (
    place INTEGER PRIMARY KEY, session INTEGER NOT NULL, seq INTEGER NOT NULL, line BLOB NOT NULL, hash BLOB NOT NULL,
    key BLOB, role INTEGER
  )`,
  'CREATE UNIQUE INDEX entries_by_seq ON entries (session, seq)',
  'CREATE UNIQUE INDEX entries_by_key ON entries (key, session, role) WHERE key IS NOT NULL',
  `CREATE TABLE blobs (
    session INTEGER NOT NULL, seq INTEGER NOT NULL, form INTEGER NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (session, seq)
  )`,
  `CREATE TABLE checkpoints (
    session INTEGER PRIMARY KEY, revision INTEGER NOT NULL, hash BLOB NOT NULL, state BLOB NOT NULL,
    digest BLOB NOT NULL
  )`,
];

/** @returns the directory of a file as version 1 left it, with the rows that today's version writes to the same tables. */
async function firstVersion(): Promise<{ directory: string; model: MemoryJournal }> {
  const [source, directory] = [temporaryDirectory(), temporaryDirectory()];
  const [journal, model] = [openJournal(source, NEVER), new MemoryJournal()];
  const drafts = [created('s'), input('k'), output('k'), snapshot(noise(5000)), renamed('x'), renamed('y')];
  for (const each of [journal, model]) await each.append('s', drafts);
  await journal.close();
  const database = new Database(join(directory, FILE));
  database.exec(['PRAGMA auto_vacuum = INCREMENTAL', 'PRAGMA journal_mode = WAL', ...TABLES].join(';'));
  database.exec(`ATTACH '${join(source, FILE)}' AS source`);
  for (const table of ['sessions', 'entries', 'blobs', 'checkpoints']) {
    database.exec(`INSERT INTO ${table} SELECT * FROM source.${table}`);
  }
  database.exec(
    'DETACH source; PRAGMA application_id = 0x73747569; PRAGMA user_version = 1; PRAGMA journal_mode = DELETE',
  );
  database.close();
  writeFileSync(join(directory, 'journal.mark'), readFileSync(join(source, 'journal.mark')));
  return { directory, model };
}

it('opens what version 1 wrote, with everything in it, and compacts it from then on', async () => {
  const { directory, model } = await firstVersion();
  const first = openJournal(directory, EARLY);
  expect(first.sessions()).toEqual(model.sessions());
  expect(first.read('s')).toEqual(model.read('s'));
  await first.close();
  const second = openJournal(directory, EARLY);
  expect(second.read('s')).toEqual(model.read('s'));
  expect(second.blob('s', 4)).toHaveLength(5000);
  expect(second.findByKey('k')).toEqual(model.findByKey('k'));
  expect(second.verify('s')).toEqual(model.verify('s'));
  await second.close();
  const database = new Database(join(directory, FILE));
  expect(database.prepare('PRAGMA user_version').raw().all([])).toEqual([[2]]);
  expect(database.prepare('SELECT max(last) FROM segments').raw().all([])).toEqual([[5]]);
  database.close();
});

it('opens a file of version 1 whose migration was cut off', async () => {
  const { directory, model } = await firstVersion();
  const database = new Database(join(directory, FILE));
  database.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; CREATE TABLE segments (session INTEGER)');
  const cutOff = temporaryDirectory();
  for (const name of [FILE, `${FILE}-wal`]) writeFileSync(join(cutOff, name), readFileSync(join(directory, name)));
  database.exec('ROLLBACK');
  database.close();
  expect(openJournal(cutOff).read('s')).toEqual(model.read('s'));
});

it('refuses a file of version 1 whose tables are not those of version 1', async () => {
  const { directory } = await firstVersion();
  const database = new Database(join(directory, FILE));
  database.exec('DROP INDEX entries_by_key');
  database.close();
  expect(() => openJournal(directory)).toThrow(/definitions of the tables/);
});
