import { cpSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import { CommitMark } from '../../src/journal/commit-mark.js';
import type { CompactionSettings } from '../../src/journal/compactor.js';
import { ForeignFile, NewerJournal } from '../../src/journal/errors.js';
import { DamagedJournal, type Journal } from '../../src/journal/journal.js';
import { openSqliteJournal } from '../../src/journal/sqlite.js';
import { chainHash } from '../../src/session/chain.js';
import type { StoredEntry } from '../../src/session/entry.js';
import { temporaryDirectory } from '../local/temporary.js';
import { created, input, noise, output, renamed, sha256, snapshot } from './drafts.js';
import { EARLY, openJournal } from './journals.js';

/** One flip in so many bytes: primes, so that the flips wander through the records. A log is long and all alike. */
const FLIP_EVERY = 127;
const FLIP_EVERY_IN_LOG = 1021;
const CUT_EVERY = 1021;

const FILE = 'journal.sqlite';
const LOG = 'journal.sqlite-wal';
const MARK = 'journal.mark';
const SESSIONS = ['a', 'b', 'c'];
const KEYS = ['k1', 'k2', 'k3', 'm1', 'never'];
const STATE = 'x'.repeat(600);
const PATIENCE_MS = 120_000;

/** @returns a journal with a bit of everything, still open, so that most of it is only in its log. */
async function write(directory: string, compaction?: CompactionSettings): Promise<Journal> {
  const journal = openJournal(directory, compaction);
  await journal.append('a', [created('a'), input('k1')]);
  await journal.append('a', [output('k1'), snapshot(noise(9000))]);
  await journal.append('b', [created('b'), input('m1'), output('m1')]);
  await journal.append('b', [snapshot(Buffer.alloc(20_000, 'abc'))]);
  await journal.append('a', [input('k2'), output('k2')]);
  journal.saveCheckpoint('a', { revision: 4, hash: journal.read('a')[3]?.hash ?? '', state: STATE });
  await journal.append('a', [input('k3')]);
  await journal.append('b', [renamed('z'.repeat(300))]);
  await journal.append('c', [created('c')]);
  return journal;
}

/** Everything a journal can be asked for, but for the checkpoint, which may be missing. */
function ask(journal: Journal): string {
  const sessions = SESSIONS.map((session) => ({
    entries: journal.read(session),
    keys: KEYS.map((key) => journal.findByKey(key, session)),
    blobs: journal.read(session).map(({ entry }) => sha256(journal.blob(session, entry.seq) ?? Buffer.of())),
  }));
  return JSON.stringify([sessions, journal.sessions()]);
}

/** @returns `same`, or the name of the error that says what is wrong. Anything else is a silently different journal. */
async function outcome(directory: string, wanted: string): Promise<string> {
  let journal: Journal | undefined;
  try {
    journal = openSqliteJournal({ directory });
    const checkpoint = journal.checkpoint('a');
    return ask(journal) === wanted && [undefined, STATE].includes(checkpoint?.state) ? 'same' : 'silently different';
  } catch (error) {
    const typed = [DamagedJournal, ForeignFile, NewerJournal].some((known) => error instanceof known);
    return typed ? (error as Error).name : `untyped: ${(error as Error).stack}`;
  } finally {
    await journal?.close();
  }
}

async function flipThrough(source: string, file: string, wanted: string): Promise<Map<string, number>> {
  const step = file === LOG ? FLIP_EVERY_IN_LOG : FLIP_EVERY;
  const directory = temporaryDirectory();
  const files = new Map(readdirSync(source).map((name) => [name, readFileSync(join(source, name))]));
  const original = files.get(file) ?? Buffer.of();
  const outcomes = new Map<string, number>();
  for (let at = 0; at < original.length; at += step) {
    const flipped = Buffer.from(original);
    flipped[at] = (original[at] ?? 0) ^ (1 << (at % 8));
    for (const name of readdirSync(directory)) rmSync(join(directory, name));
    for (const [name, bytes] of files) writeFileSync(join(directory, name), name === file ? flipped : bytes);
    const result = await outcome(directory, wanted);
    outcomes.set(result, (outcomes.get(result) ?? 0) + 1);
  }
  return outcomes;
}

/** @returns a copy of a journal's files as they were while it was open, as a kill would leave them. */
async function killed(): Promise<{ directory: string; wanted: string }> {
  const directory = temporaryDirectory();
  const copy = temporaryDirectory();
  const journal = await write(directory);
  const wanted = ask(journal);
  cpSync(directory, copy, { recursive: true });
  await journal.close();
  return { directory: copy, wanted };
}

async function closed(
  compaction?: CompactionSettings,
): Promise<{ directory: string; wanted: string; entries: readonly StoredEntry[] }> {
  const directory = temporaryDirectory();
  const journal = await write(directory, compaction);
  const [wanted, entries] = [ask(journal), journal.read('a')];
  await journal.close();
  return { directory, wanted, entries };
}

/** As `closed`, with almost everything in segments. */
function compacted(): ReturnType<typeof closed> {
  return closed(EARLY);
}

const HARMLESS = ['DamagedJournal', 'ForeignFile', 'NewerJournal', 'same'];

/** Changes the database behind the journal's back. */
function tamper(directory: string, sql: string): void {
  const database = new Database(join(directory, FILE));
  database.exec(sql);
  database.close();
}

describe('a flipped bit', () => {
  it.each<[string, () => ReturnType<typeof killed>, string]>([
    ['in the file of a closed journal', () => closed(), FILE],
    ['in the file of a journal with segments', compacted, FILE],
    ['in the log of a killed one', killed, LOG],
    ['in the mark', () => closed(), MARK],
  ])(
    '%s is detected or changes nothing',
    async (_where, make, file) => {
      const { directory, wanted } = await make();
      const outcomes = await flipThrough(directory, file, wanted);
      expect([...outcomes.keys()].filter((name) => !HARMLESS.includes(name))).toEqual([]);
      if (file !== MARK) expect(outcomes.get('DamagedJournal')).toBeGreaterThan(0);
      if (file !== LOG) expect(outcomes.get('same')).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );
});

describe('a file cut short', () => {
  it.each<[string, () => ReturnType<typeof killed>, string]>([
    ['the file of a closed journal', () => closed(), FILE],
    ['the file of a journal with segments', compacted, FILE],
    ['the log of a killed one', killed, LOG],
  ])(
    'is detected wherever it ends: %s',
    async (_what, make, file) => {
      const { directory, wanted } = await make();
      const { length } = readFileSync(join(directory, file));
      for (let end = 0; end < length; end += CUT_EVERY) {
        const cut = temporaryDirectory();
        cpSync(directory, cut, { recursive: true });
        truncateSync(join(cut, file), end);
        expect([end, await outcome(cut, wanted)]).toEqual([end, 'DamagedJournal']);
      }
    },
    PATIENCE_MS,
  );

  it('is kept as it was found, and can be gone on from by who accepts the loss', async () => {
    const { directory } = await killed();
    const log = readFileSync(join(directory, LOG));
    truncateSync(join(directory, LOG), log.length - 5000);
    const refusal = () => openSqliteJournal({ directory });
    for (const _start of ['first', 'second', 'third']) {
      expect(refusal).toThrow(/Acknowledged entries are missing .*is in .*\.kept, and a repair looks for them in it/);
    }
    expect(readdirSync(directory).filter((name) => name.startsWith(LOG))).toEqual([`${LOG}.kept`]);
    expect(readFileSync(join(directory, `${LOG}.kept`)).equals(log.subarray(0, -5000))).toBe(true);
    rmSync(join(directory, MARK));
    const journal = openJournal(directory);
    expect(journal.session('c')).toBeUndefined();
    expect(journal.verify('a').damage).toBeUndefined();
    await journal.append('c', [created('c')]);
  });
});

/** What a start leaves that could not read the log: the file without what was in it, and the log kept aside. */
describe('a log that could not be read for a moment', () => {
  it.each<[string, (directory: string) => void]>([
    ['as the file was', () => {}],
    [
      'after the file was opened without it',
      (directory) => {
        rmSync(join(directory, LOG));
        expect(() => openSqliteJournal({ directory })).toThrow(DamagedJournal);
      },
    ],
    [
      'after the beginning of it was taken for all of it',
      (directory) => {
        truncateSync(join(directory, LOG), 4096 * 5);
        expect(() => openSqliteJournal({ directory })).toThrow(DamagedJournal);
        rmSync(join(directory, `${LOG}.kept`));
      },
    ],
  ])('is read at the next start, and nothing is missing: %s', async (_what, firstStart) => {
    const { directory, wanted } = await killed();
    const log = readFileSync(join(directory, LOG));
    firstStart(directory);
    rmSync(join(directory, LOG), { force: true });
    writeFileSync(join(directory, `${LOG}.kept`), log);
    expect(await outcome(directory, wanted)).toBe('same');
    expect(await outcome(directory, wanted)).toBe('same');
    expect(readdirSync(directory).filter((name) => name.includes('kept') || name.includes('salvag'))).toEqual([]);
  });

  it('is read at the next start also when it alone had the entries', async () => {
    const directory = temporaryDirectory();
    const journal = openJournal(directory);
    await journal.append('s', [created('s'), input('k')]);
    const young = temporaryDirectory();
    cpSync(directory, young, { recursive: true });
    renameSync(join(young, LOG), join(young, `${LOG}.kept`));
    const found = openJournal(young);
    expect(found.read('s')).toEqual(journal.read('s'));
  });

  it('is not put back where the file went on without it', async () => {
    const { directory } = await killed();
    const log = readFileSync(join(directory, LOG));
    truncateSync(join(directory, LOG), log.length - 5000);
    expect(() => openSqliteJournal({ directory })).toThrow(DamagedJournal);
    rmSync(join(directory, MARK));
    const journal = openJournal(directory);
    await journal.append('c', [created('c'), renamed('went on')]);
    await journal.close();
    writeFileSync(join(directory, `${LOG}.kept`), log);
    const mark = new CommitMark(directory);
    mark.write({ place: 999, hash: 'f'.repeat(64) });
    mark.close();
    expect(() => openSqliteJournal({ directory })).toThrow(DamagedJournal);
    expect(readdirSync(directory).filter((name) => name.includes('salvag') || name === 'damaged')).toEqual([]);
    rmSync(join(directory, MARK));
    expect(openJournal(directory).read('c')).toHaveLength(2);
  });
});

describe('damage among the entries', () => {
  it('names the last good revision and still gives what is before it', async () => {
    const { directory } = await closed();
    tamper(directory, "UPDATE entries SET line = replace(line, '3 + 4', '3 + 5') WHERE session = 1 AND seq = 5");
    const journal = openJournal(directory);
    for (const range of [{}, { after: 2 }, { after: 4, limit: 1 }]) {
      const reading = () => journal.read('a', range);
      expect(reading).toThrow(DamagedJournal);
      expect(reading).toThrow(expect.objectContaining({ session: 'a', lastGood: 4 }));
    }
    expect(journal.read('a', { upTo: 4 })).toHaveLength(4);
    expect(journal.read('b')).toHaveLength(5);
    expect(() => journal.findByKey('k2')).toThrow(DamagedJournal);
    expect(journal.verify('a')).toEqual({
      lastGood: 4,
      head: journal.read('a', { upTo: 4 })[3]?.hash,
      damage: 'entry 5 does not match its hash',
      badSnapshots: [],
    });
  });

  it.each([
    ['a missing entry', 'DELETE FROM entries WHERE session = 1 AND seq = 3', 2],
    ['a missing last entry', 'DELETE FROM entries WHERE session = 1 AND seq = 7', 6],
    ['another hash', 'UPDATE entries SET hash = zeroblob(32) WHERE session = 1 AND seq = 6', 5],
    ['an entry in the place of another', 'UPDATE entries SET seq = 9 WHERE session = 1 AND seq = 2', 1],
  ])('is found when it is %s', async (_what, sql, lastGood) => {
    const { directory } = await closed();
    tamper(directory, sql);
    const journal = openJournal(directory);
    expect(() => journal.read('a')).toThrow(
      expect.objectContaining({ name: 'DamagedJournal', session: 'a', lastGood }),
    );
    expect(journal.verify('a').lastGood).toBe(lastGood);
    expect(journal.verify('b').damage).toBeUndefined();
  });

  it('is found when the last entry was rewritten together with its hash', async () => {
    const { directory, entries } = await closed();
    const [before, last] = entries.slice(-2);
    const line = last?.line.replace('3 + 4', '3 + 5') ?? '';
    const hash = chainHash(before?.hash ?? '', line);
    const set = `line = CAST('${line}' AS BLOB), hash = x'${hash}'`;
    tamper(directory, `UPDATE entries SET ${set} WHERE session = 1 AND seq = 7`);
    const journal = openJournal(directory);
    expect(() => journal.read('a')).toThrow(expect.objectContaining({ name: 'DamagedJournal', lastGood: 6 }));
    expect(journal.verify('a').lastGood).toBe(6);
  });

  it('stops appends to a session whose end is damaged, and to no other', async () => {
    const { directory } = await closed();
    tamper(directory, 'UPDATE entries SET hash = zeroblob(32) WHERE session = 1 AND seq = 7');
    const journal = openJournal(directory);
    await expect(journal.append('a', [renamed('x')])).rejects.toMatchObject({ name: 'DamagedJournal', lastGood: 6 });
    await journal.append('b', [renamed('x')]);
    await journal.remove('a');
    await journal.append('a', [created('a')]);
  });

  it('does not let an evaluation that its index lost be taken for a new one', async () => {
    const { directory } = await closed();
    const file = readFileSync(join(directory, FILE));
    let hidden = 0;
    // In a row the key stands between numbers, in the entry's line between quotes.
    for (let at = file.indexOf('k3'); at >= 0; at = file.indexOf('k3', at + 1)) {
      if (file.toString('latin1', at - 1, at) === '"') continue;
      const copy = temporaryDirectory();
      cpSync(directory, copy, { recursive: true });
      const flipped = Buffer.from(file);
      flipped[at + 1] = 0x34;
      writeFileSync(join(copy, FILE), flipped);
      const journal = openJournal(copy);
      expect(journal.read('a')).toHaveLength(7);
      await expect(journal.append('a', [input('k3')])).rejects.toThrow(DamagedJournal);
      if (found(() => journal.findByKey('k3', 'a')) instanceof DamagedJournal) hidden += 1;
      expect(found(() => journal.findByKey('never', 'a'))).toBeInstanceOf(DamagedJournal);
      expect(found(() => journal.findByKey('never', 'b'))).toEqual([]);
    }
    expect(hidden).toBeGreaterThan(0);
  });

  it.each([
    ['missing bytes', 'DELETE FROM blobs WHERE session = 2'],
    ['other bytes', 'UPDATE blobs SET content = zeroblob(20000), form = 0 WHERE session = 2'],
    ['bytes said not to be deflated', 'UPDATE blobs SET form = 0 WHERE session = 2'],
    ['bytes said to be absent', 'UPDATE blobs SET form = 2 WHERE session = 2'],
    ['bytes in no known form', 'UPDATE blobs SET form = 7 WHERE session = 2'],
  ])('is found when a snapshot has %s', async (_what, sql) => {
    const { directory } = await closed();
    tamper(directory, sql);
    const journal = openJournal(directory);
    expect(() => journal.blob('b', 4)).toThrow(expect.objectContaining({ name: 'DamagedJournal', lastGood: 3 }));
    expect(journal.read('b')).toHaveLength(5);
    const badSnapshots = [{ seq: 4, reason: expect.stringContaining('snapshot') }];
    expect(journal.verify('b')).toEqual({ lastGood: 5, head: journal.session('b')?.head, badSnapshots });
  });

  it.each([
    ['is lost', 'DELETE FROM sessions WHERE no = 2'],
    ['has another id', "UPDATE sessions SET id = CAST('x' AS BLOB) WHERE no = 2"],
    ['is miscounted', 'UPDATE sessions SET bytes = bytes + 1 WHERE no = 2'],
    ['has another number', 'UPDATE sessions SET no = 66 WHERE no = 2'],
  ])('concerns only the session whose row %s', async (_what, sql) => {
    const { directory } = await closed();
    tamper(directory, sql);
    const journal = openJournal(directory);
    expect(journal.verify('b')).toMatchObject({ lastGood: 5, damage: expect.stringContaining('row') });
    await expect(journal.append('b', [renamed('x')])).rejects.toMatchObject({ name: 'DamagedJournal', lastGood: 5 });
    expect(() => journal.findByKey('never')).toThrow(DamagedJournal);
    await journal.append('a', [renamed('x')]);
    expect(journal.verify('a').damage).toBeUndefined();
  });

  it.each([
    ['changed its tables', 'DROP INDEX entries_by_key'],
    [
      'lost a session and its first entry',
      'DELETE FROM sessions WHERE no = 2; DELETE FROM entries WHERE session = 2 AND seq = 1',
    ],
  ])('keeps a journal from opening that %s', async (_what, sql) => {
    const { directory } = await closed();
    tamper(directory, sql);
    expect(() => openJournal(directory)).toThrow(DamagedJournal);
  });

  it('costs a checkpoint, never a wrong one', async () => {
    const { directory } = await closed();
    tamper(directory, "UPDATE checkpoints SET state = CAST('forged' AS BLOB)");
    const journal = openJournal(directory);
    expect(journal.checkpoint('a')).toBeUndefined();
    expect(journal.read('a')).toHaveLength(7);
  });
});

function found(ask: () => unknown): unknown {
  try {
    return ask();
  } catch (error) {
    return error;
  }
}
