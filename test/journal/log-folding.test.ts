/** The write-ahead log when it is folded into the file, and when that cannot be trusted. */
import { existsSync, linkSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { FOLDED_LOG_BYTES } from '../../src/journal/log-folding.js';
import { openSqliteJournal } from '../../src/journal/sqlite.js';
import { temporaryDirectory } from '../local/temporary.js';
import { created, input, noise, snapshot } from './drafts.js';

/** Of incompressible bytes, a part of what makes the log long. */
const PART_BYTES = 200_000;

it('a long log is folded while the journal is in use, and everything is there', async () => {
  const directory = temporaryDirectory();
  const log = join(directory, 'journal.sqlite-wal');
  const journal = openSqliteJournal({ directory });
  await journal.append('s', [created('s')]);
  const sizes: number[] = [];
  const revisions = Array.from({ length: 30 }, (_, index) => index + 2);
  for (const revision of revisions) {
    await journal.append('s', [snapshot(noise(PART_BYTES, `${revision}`))]);
    sizes.push(statSync(log).size);
  }
  expect(Math.max(...sizes)).toBeLessThan(FOLDED_LOG_BYTES + 2 * PART_BYTES);
  expect(statSync(join(directory, 'journal.sqlite')).size).toBeGreaterThan(FOLDED_LOG_BYTES / 2);
  await journal.close();
  const again = openSqliteJournal({ directory });
  for (const revision of revisions) {
    const saved = Buffer.from(again.blob('s', revision) ?? []);
    expect(saved.equals(noise(PART_BYTES, `${revision}`))).toBe(true);
  }
  await again.close();
});

it('a journal that is closed leaves no log behind, under no name', async () => {
  const directory = temporaryDirectory();
  const journal = openSqliteJournal({ directory });
  await journal.append('s', [created('s'), input('k')]);
  await journal.close();
  for (const name of ['journal.sqlite-wal', 'journal.sqlite-wal.folding']) {
    expect([name, existsSync(join(directory, name))]).toEqual([name, false]);
  }
});

it('a log that was not known to be read when it was folded counts at the next opening, whatever came to be in the file', async () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'journal.sqlite');
  const journal = openSqliteJournal({ directory });
  await journal.append('s', [created('s'), input('k')]);
  const stored = journal.read('s');
  const log = readFileSync(`${file}-wal`);
  await journal.close();
  // What libsql writes where the pages of the log cannot be read: as many of something else.
  writeFileSync(file, Buffer.alloc(statSync(file).size));
  writeFileSync(`${file}-wal.folding`, log);
  const again = openSqliteJournal({ directory });
  expect(again.read('s')).toEqual(stored);
  await again.close();
});

it('a log with both its names is taken for what it is: a close that was cut short', async () => {
  const directory = temporaryDirectory();
  const copy = temporaryDirectory();
  const journal = openSqliteJournal({ directory });
  await journal.append('s', [created('s'), input('k')]);
  const stored = journal.read('s');
  for (const name of ['journal.sqlite', 'journal.sqlite-wal', 'journal.mark']) {
    writeFileSync(join(copy, name), readFileSync(join(directory, name)));
  }
  await journal.close();
  linkSync(join(copy, 'journal.sqlite-wal'), join(copy, 'journal.sqlite-wal.folding'));
  const again = openSqliteJournal({ directory: copy });
  expect(again.read('s')).toEqual(stored);
  expect(existsSync(join(copy, 'journal.sqlite-wal.folding'))).toBe(false);
  await again.close();
});
