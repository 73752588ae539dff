/** Journals for one test file, closed when it is done. */
import { afterAll } from '@jest/globals';
import type { CompactionSettings } from '../../src/journal/compactor.js';
import type { Journal } from '../../src/journal/journal.js';
import { openSqliteJournal } from '../../src/journal/sqlite.js';
import { temporaryDirectory } from '../local/temporary.js';

/** Puts almost everything into segments, as soon as it can. */
export const EARLY: CompactionSettings = { keep: 1, batch: 2, rest: 1, segment: 5 };

const opened: Journal[] = [];

afterAll(async () => {
  await Promise.all(opened.map((journal) => journal.close()));
});

/** @returns a journal in `directory`, or in a new one. */
export function openJournal(directory = temporaryDirectory(), compaction?: CompactionSettings): Journal {
  const journal = openSqliteJournal(compaction ? { directory, compaction } : { directory });
  opened.push(journal);
  return journal;
}
