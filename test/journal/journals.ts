/** Journals for one test file, closed when it is done. */
import { afterAll } from '@jest/globals';
import { openSqliteJournal, type SqliteJournal } from '../../src/journal/sqlite.js';
import { temporaryDirectory } from '../local/temporary.js';

const opened: SqliteJournal[] = [];

afterAll(async () => {
  await Promise.all(opened.map((journal) => journal.close()));
});

/** @returns a journal in `directory`, or in a new one. */
export function openJournal(directory = temporaryDirectory()): SqliteJournal {
  const journal = openSqliteJournal({ directory });
  opened.push(journal);
  return journal;
}
