/** Journals for one test file, closed when it is done. */
import { afterAll } from '@jest/globals';
import type { Journal } from '../../src/journal/journal.js';
import { openSqliteJournal } from '../../src/journal/sqlite.js';
import { temporaryDirectory } from '../local/temporary.js';

const opened: Journal[] = [];

afterAll(async () => {
  await Promise.all(opened.map((journal) => journal.close()));
});

/** @returns a journal in `directory`, or in a new one. */
export function openJournal(directory = temporaryDirectory()): Journal {
  const journal = openSqliteJournal({ directory });
  opened.push(journal);
  return journal;
}
