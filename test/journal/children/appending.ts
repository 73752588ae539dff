/**
 * Appends to a journal for ever, several appends at a time, and prints a line for each that was acknowledged. Meant to
 * be killed. Arguments: the directory of the journal, a prefix for its keys,
 * and `early` to have old entries put into segments all the time.
 */
import { writeSync } from 'node:fs';
import { openSqliteJournal } from '../../../src/journal/sqlite.js';
import { created, input, noise, output, snapshot } from '../drafts.js';

const [directory = '', prefix = '', when] = process.argv.slice(2);
const EARLY = { keep: 3, batch: 4, rest: 1, segment: 50 };
const SESSIONS = ['a', 'b', 'c'];
const STDOUT = 1;

/** Every so many evaluations one comes with a snapshot, big enough to be packed off the event loop, or not. */
const BIG_EVERY = 11;
const SMALL_EVERY = 3;

const journal = openSqliteJournal(when === 'early' ? { directory, compaction: EARLY } : { directory });

async function work(session: string): Promise<never> {
  if (!journal.session(session)) await journal.append(session, [created(session)]);
  for (let count = 1; ; count += 1) {
    const key = `${prefix}.${session}.${count}`;
    const [first] = await journal.append(session, [input(key)]);
    writeSync(STDOUT, `${JSON.stringify({ session, key, seq: first?.entry.seq })}\n`);
    const bytes = count % BIG_EVERY === 0 ? noise(150_000, key) : noise(count * 10, key);
    const drafts = count % SMALL_EVERY === 0 ? [output(key), snapshot(bytes)] : [output(key)];
    const [second] = await journal.append(session, drafts);
    writeSync(STDOUT, `${JSON.stringify({ session, key, seq: second?.entry.seq })}\n`);
  }
}

await Promise.all(SESSIONS.map(work));
