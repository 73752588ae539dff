/** Repairs the session `s` of a journal, and prints a line before and after. Meant to be killed. Argument: the directory. */
import { writeSync } from 'node:fs';
import { openSqliteJournal } from '../../../src/journal/sqlite.js';

const [directory = ''] = process.argv.slice(2);
const STDOUT = 1;
const A_WHILE_MS = 60_000;

const journal = openSqliteJournal({ directory });
writeSync(STDOUT, 'open\n');
await journal.repair('s', { dryRun: false });
writeSync(STDOUT, 'repaired\n');
setTimeout(() => {}, A_WHILE_MS);
