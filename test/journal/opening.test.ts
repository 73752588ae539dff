import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import { ForeignFile, NewerJournal } from '../../src/journal/errors.js';
import { JournalLocked } from '../../src/journal/journal.js';
import { temporaryDirectory } from '../local/temporary.js';
import { created, input, noise, renamed, snapshot } from './drafts.js';
import { openJournal } from './journals.js';

describe('opening a journal', () => {
  it('finds everything again that was there when it was closed', async () => {
    const directory = temporaryDirectory();
    const first = openJournal(directory);
    await first.append('s', [created('s'), input('k'), snapshot(noise(3000))]);
    await first.append('t', [created('t')]);
    const [entries, sessions] = [first.read('s'), first.sessions()];
    first.saveCheckpoint('s', { revision: 3, hash: entries[2]?.hash ?? '', state: 'state' });
    await first.close();
    const second = openJournal(directory);
    expect(second.read('s')).toEqual(entries);
    expect(second.sessions()).toEqual(sessions);
    expect(second.blob('s', 3)).toHaveLength(3000);
    expect(second.checkpoint('s')?.state).toBe('state');
    expect(second.findByKey('k')).toHaveLength(1);
  });

  it('is refused to a second owner in words that say what to do, until the first has closed it', async () => {
    const directory = temporaryDirectory();
    const first = openJournal(directory);
    const refusal = refused(() => openJournal(directory));
    expect(refusal).toBeInstanceOf(JournalLocked);
    expect(refusal.message).toMatch(/in use by another process: stop that one, or choose another/);
    await first.append('s', [created('s')]);
    await first.close();
    expect(openJournal(directory).read('s')).toHaveLength(1);
  });

  it('commits what was asked for before closing, also what is still being prepared', async () => {
    const directory = temporaryDirectory();
    const first = openJournal(directory);
    const appended = Promise.all([
      first.append('s', [created('s'), snapshot(noise(300_000))]),
      first.append('s', [renamed('after it')]),
      first.append('t', [created('t')]),
    ]);
    await first.close();
    await appended;
    const revisions = openJournal(directory)
      .sessions()
      .map(({ id, revision }) => `${id}:${revision}`);
    expect(revisions.sort()).toEqual(['s:3', 't:1']);
  });

  it('makes a directory and files that only their owner can read, whatever the umask', async () => {
    for (const mask of [0o000, 0o777]) {
      const directory = join(temporaryDirectory(), 'journal');
      const before = process.umask(mask);
      try {
        const journal = openJournal(directory);
        await journal.append('s', [created('s')]);
      } finally {
        process.umask(before);
      }
      expect(statSync(directory).mode & 0o777).toBe(0o700);
      expect(readdirSync(directory)).toContain('journal.sqlite-wal');
      for (const file of readdirSync(directory)) expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
    }
  });

  it('leaves the permissions of a directory alone that it did not make', () => {
    const directory = join(temporaryDirectory(), 'shared');
    mkdirSync(directory);
    chmodSync(directory, 0o750);
    openJournal(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o750);
  });

  it('refuses what a later version wrote, says to upgrade, and leaves it as it is', async () => {
    const directory = temporaryDirectory();
    await openJournal(directory).close();
    const file = join(directory, 'journal.sqlite');
    const database = new Database(file);
    database.exec('PRAGMA user_version = 3');
    database.close();
    const before = readFileSync(file);
    const refusal = refused(() => openJournal(directory));
    expect(refusal).toBeInstanceOf(NewerJournal);
    expect(refusal.message).toMatch(/has schema 3, .* up to 2: upgrade stui/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it.each([
    ['text', (file: string) => writeFileSync(file, 'my diary')],
    ['much text', (file: string) => writeFileSync(file, 'my diary '.repeat(4096))],
    ['another database', (file: string) => foreignDatabase(file, 'DELETE')],
    ['another database with a log', (file: string) => foreignDatabase(file, 'WAL')],
  ])('refuses %s in its place and leaves it as it is', (_what, make) => {
    const directory = temporaryDirectory();
    const file = join(directory, 'journal.sqlite');
    make(file);
    const before = readFileSync(file);
    const refusal = refused(() => openJournal(directory));
    expect(refusal).toBeInstanceOf(ForeignFile);
    expect(refusal.message).toMatch(/is not a stui journal and was left as it is/);
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(existsSync(join(directory, 'journal.mark'))).toBe(false);
  });

  it('goes on from a start that was cut off before the tables were there', async () => {
    const directory = temporaryDirectory();
    const database = new Database(join(directory, 'journal.sqlite'));
    database.exec('PRAGMA journal_mode = WAL');
    database.close();
    const journal = openJournal(directory);
    await journal.append('s', [created('s')]);
    expect(journal.read('s')).toHaveLength(1);
  });

  it('does without its mark, as after moving the database alone', async () => {
    const directory = temporaryDirectory();
    const first = openJournal(directory);
    await first.append('s', [created('s')]);
    await first.close();
    rmSync(join(directory, 'journal.mark'));
    expect(openJournal(directory).read('s')).toHaveLength(1);
  });
});

function refused(open: () => unknown): Error {
  try {
    open();
  } catch (error) {
    return error as Error;
  }
  throw new Error('It was not refused');
}

function foreignDatabase(file: string, mode: string): void {
  const database = new Database(file);
  database.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE diary (line); INSERT INTO diary VALUES ('today')`);
  database.close();
}
