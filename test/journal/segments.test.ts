import { cpSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import { DuplicateKey, type Journal } from '../../src/journal/journal.js';
import { keysSealOf, listKeys } from '../../src/journal/segment.js';
import type { StoredEntry } from '../../src/session/entry.js';
import { temporaryDirectory } from '../local/temporary.js';
import { created, draft, input, noise, output, renamed, snapshot } from './drafts.js';
import { EARLY, openJournal } from './journals.js';

const FILE = 'journal.sqlite';
const EVALUATIONS = 10_000;
const MEGABYTE = 1024 * 1024;
const PATIENCE_MS = 120_000;

function query(directory: string, sql: string): unknown[][] {
  const database = new Database(join(directory, FILE));
  const rows = database.prepare(sql).raw().all([]) as unknown[][];
  database.close();
  return rows;
}

function tamper(directory: string, sql: string): void {
  const database = new Database(join(directory, FILE));
  database.exec(sql);
  database.close();
}

/** @returns the directory of a closed journal whose session `s` is in segments but for its last entry. */
async function compacted(): Promise<{ directory: string; entries: readonly StoredEntry[] }> {
  const directory = temporaryDirectory();
  const journal = openJournal(directory, EARLY);
  await journal.append('s', [created('s'), input('k1'), output('k1'), snapshot(noise(900))]);
  await journal.append('s', [input('k2'), output('k2'), snapshot(noise(9000)), renamed('x')]);
  await journal.append('s', [input('k3'), output('k3'), renamed('y')]);
  await journal.append('t', [created('t'), input('k1')]);
  const entries = journal.read('s');
  await journal.close();
  expect(query(directory, 'SELECT session, seq FROM entries WHERE session = 1')).toEqual([[1, 11]]);
  expect(query(directory, 'SELECT session, first, last FROM segments WHERE session = 1')).toEqual([
    [1, 1, 5],
    [1, 6, 10],
  ]);
  expect(query(directory, 'SELECT * FROM blobs')).toEqual([]);
  return { directory, entries };
}

describe('a session whose old entries are in segments', () => {
  it('gives them back as they were, with their hashes, snapshots and keys', async () => {
    const { directory, entries } = await compacted();
    const journal = openJournal(directory);
    expect(journal.read('s')).toEqual(entries);
    for (let after = 0; after < entries.length; after += 1) {
      expect(journal.read('s', { after, limit: 3 })).toEqual(entries.slice(after, after + 3));
    }
    expect(Buffer.from(journal.blob('s', 4) ?? []).equals(noise(900))).toBe(true);
    expect(Buffer.from(journal.blob('s', 7) ?? []).equals(noise(9000))).toBe(true);
    const found = journal.findByKey('k1').map((one) => [one.session, one.entries.map(({ entry }) => entry.seq)]);
    expect(found).toEqual([
      ['s', [2, 3]],
      ['t', [2]],
    ]);
    expect(journal.findByKey('never')).toEqual([]);
    await expect(journal.append('s', [input('k2')])).rejects.toThrow(DuplicateKey);
    await expect(journal.append('s', [output('k2')])).rejects.toThrow(/second output/);
    await journal.append('s', [input('k4')], { expectedRevision: 11 });
    expect(journal.verify('s')).toEqual({ lastGood: 12, head: journal.session('s')?.head, badSnapshots: [] });
  });

  it('keeps its checkpoints and its place in the account of sessions', async () => {
    const { directory, entries } = await compacted();
    const journal = openJournal(directory);
    const checkpoint = { revision: 3, hash: entries[2]?.hash ?? '', state: 'state' };
    journal.saveCheckpoint('s', checkpoint);
    expect(journal.checkpoint('s')).toEqual(checkpoint);
    const bytes = entries.reduce((sum, { line }) => sum + Buffer.byteLength(line), 0) + 9900;
    expect(journal.session('s')).toEqual({ id: 's', revision: 11, head: entries.at(-1)?.hash, bytes });
  });

  it('is removed with its segments', async () => {
    const { directory } = await compacted();
    const journal = openJournal(directory);
    await journal.remove('s');
    await journal.append('s', [created('s'), input('k1')]);
    expect(journal.read('s')).toHaveLength(2);
    await journal.close();
    expect(query(directory, 'SELECT first FROM segments WHERE session = 1')).toEqual([]);
  });

  it.each([
    ['its entries', "content = x'00'", 5],
    ['its range', 'last = 9', 5],
    ['the hash before it', 'before = zeroblob(32)', 5],
    ['the hash after it', 'after = zeroblob(32)', 5],
    ['its size', 'size = size - 1', 5],
    ['its seal', 'seal = zeroblob(32)', 5],
    ['its session', 'session = 2', 5],
  ])('is found damaged, and is repaired, when a segment has other than %s', async (_what, set, lastGood) => {
    const { directory, entries } = await compacted();
    tamper(directory, `UPDATE segments SET ${set} WHERE session = 1 AND first = 6`);
    const journal = openJournal(directory);
    expect(() => journal.read('s')).toThrow(expect.objectContaining({ name: 'DamagedJournal', lastGood }));
    expect(journal.read('s', { upTo: 5 })).toEqual(entries.slice(0, 5));
    expect(journal.read('t')).toHaveLength(2);
    const repair = await journal.repair('s', { dryRun: false });
    expect(repair).toMatchObject({ lastGood, cut: 11 - lastGood, keptIn: expect.any(String) });
    expect(readFileSync(repair.keptIn ?? '', 'utf8')).toContain('"kind":"entry"');
    await journal.repair('t', { dryRun: false });
    await journal.close();
    const again = openJournal(directory);
    expect(again.read('s')).toEqual(entries.slice(0, lastGood));
    expect(again.blob('s', 4)).toHaveLength(900);
    await again.append('s', [input('k3')], { expectedRevision: lastGood });
    for (const id of ['s', 't']) expect(again.verify(id)).toMatchObject({ badSnapshots: [] });
    expect(again.verify('s').damage).toBeUndefined();
    expect(again.verify('t').damage).toBeUndefined();
    expect(again.findByKey('never')).toEqual([]);
  });

  it.each([
    ['last', 1],
    ['first', 6],
  ])('lists the keys of a segment again in a repair that miss its %s entry', async (_which, first) => {
    const { directory, entries } = await compacted();
    const within = entries.slice(first - 1, first + 4).map(({ entry }) => entry);
    const keys = listKeys(within.filter((entry) => !('key' in entry) || entry.key !== 'k2'));
    const seal = keysSealOf(1, first, keys);
    const assignments = `keys = x'${keys.toString('hex')}', keys_seal = x'${seal.toString('hex')}'`;
    tamper(directory, `UPDATE segments SET ${assignments} WHERE session = 1 AND first = ${first}`);
    const journal = openJournal(directory);
    expect(journal.verify('s')).toMatchObject({ damage: expect.stringContaining('the index of keys misses entry') });
    expect(await journal.repair('s', { dryRun: false })).toMatchObject({ lastGood: 11, cut: 0 });
    expect(journal.verify('s').damage).toBeUndefined();
    const [found] = journal.findByKey('k2', 's');
    expect(found?.entries.map(({ entry }) => entry.seq)).toEqual([5, 6]);
  });

  it.each(['keys = zeroblob(12)', 'keys = zeroblob(0)', 'keys_seal = zeroblob(32)'])(
    'does not let an evaluation be taken for a new one after %s, and lists its keys again in a repair',
    async (set) => {
      const { directory, entries } = await compacted();
      tamper(directory, `UPDATE segments SET ${set} WHERE session = 1 AND first = 1`);
      const journal = openJournal(directory);
      await expect(journal.append('s', [input('k1')])).rejects.toMatchObject({ name: 'DamagedJournal', lastGood: 11 });
      expect(() => journal.findByKey('never')).toThrow(expect.objectContaining({ name: 'DamagedJournal' }));
      expect(journal.read('s')).toEqual(entries);
      expect(journal.verify('s')).toMatchObject({ lastGood: 11, damage: expect.stringContaining('keys') });
      const repair = await journal.repair('s', { dryRun: false });
      expect(repair).toMatchObject({ lastGood: 11, cut: 0, damage: expect.stringContaining('keys') });
      await expect(journal.append('s', [input('k1')])).rejects.toThrow(DuplicateKey);
      expect(journal.findByKey('never')).toEqual([]);
    },
  );

  it('loses a snapshot, and no entry, to damaged bytes beside the entries', async () => {
    const { directory, entries } = await compacted();
    tamper(directory, "UPDATE segments SET bundle = x'00' WHERE session = 1 AND first = 1");
    const journal = openJournal(directory);
    expect(() => journal.blob('s', 4)).toThrow(expect.objectContaining({ name: 'DamagedJournal', lastGood: 3 }));
    expect(journal.verify('s')).toMatchObject({ lastGood: 11, badSnapshots: [{ seq: 4 }] });
    const repair = await journal.repair('s', { dryRun: false });
    expect(repair).toMatchObject({ lastGood: 11, cut: 0, badSnapshots: [{ seq: 4 }] });
    expect(readFileSync(repair.keptIn ?? '', 'utf8')).toContain('"kind":"segment"');
    expect(journal.blob('s', 4)).toBeUndefined();
    expect(journal.blob('s', 7)).toHaveLength(9000);
    expect(journal.read('s')).toEqual(entries);
  });

  it('is noticed at opening when a segment is missing', async () => {
    const { directory } = await compacted();
    tamper(directory, 'DELETE FROM segments WHERE session = 1 AND first = 6');
    const journal = openJournal(directory);
    await expect(journal.append('s', [input('k3')])).rejects.toMatchObject({ name: 'DamagedJournal', lastGood: 5 });
  });
});

describe('compaction', () => {
  it('leaves an evaluation that is pending where it is, with everything after it', async () => {
    const directory = temporaryDirectory();
    const journal = openJournal(directory, EARLY);
    await journal.append('s', [created('s'), input('k1'), output('k1'), input('pending'), renamed('x'), renamed('y')]);
    await journal.close();
    expect(query(directory, 'SELECT first, last FROM segments')).toEqual([[1, 3]]);
    const again = openJournal(directory, EARLY);
    await again.append('s', [output('pending')]);
    await again.close();
    expect(query(directory, 'SELECT first, last FROM segments')).toEqual([
      [1, 5],
      [6, 6],
    ]);
  });

  it('happens while the journal is open, tells nobody, and leaves the newest entries alone', async () => {
    const directory = temporaryDirectory();
    const journal = openJournal(directory, { keep: 4, batch: 8, rest: 100, segment: 100 });
    const heard: number[] = [];
    journal.onCommit((_session, entries) => heard.push(entries.length));
    await journal.append('s', [created('s')]);
    for (let count = 0; count < 20; count += 1) {
      await journal.append('s', [renamed(`name ${count}`)]);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await journal.close();
    expect(heard).toEqual(Array.from({ length: 21 }, () => 1));
    const [[last]] = query(directory, 'SELECT max(last) FROM segments') as [[number]];
    expect(last).toBeGreaterThanOrEqual(8);
    expect(last).toBeLessThanOrEqual(17);
    const [[first]] = query(directory, 'SELECT min(seq) FROM entries') as [[number]];
    expect(first).toBe(last + 1);
  });

  it('does not look like a loss when the mark was left behind by a power cut', async () => {
    const directory = temporaryDirectory();
    const journal = openJournal(directory, EARLY);
    await journal.append('s', [created('s'), renamed('x')]);
    const mark = readFileSync(join(directory, 'journal.mark'));
    await journal.append('s', [renamed('y'), renamed('z'), renamed('w')]);
    await journal.close();
    const copy = temporaryDirectory();
    cpSync(directory, copy, { recursive: true });
    writeFileSync(join(copy, 'journal.mark'), mark);
    expect(openJournal(copy).read('s')).toHaveLength(5);
  });

  it('leaves lines alone that would not fit into one', async () => {
    const source = openJournal();
    const entries = await source.append('s', [created('s'), draft({ type: 'context', patch: { text: 'a\nb' } })]);
    const directory = temporaryDirectory();
    const journal = openJournal(directory, EARLY);
    await journal.adopt('s', entries, new Map());
    await journal.append('s', [renamed('x'), renamed('y')]);
    await journal.close();
    expect(openJournal(directory).read('s').slice(0, 2)).toEqual(entries);
  });

  it(
    `keeps ${EVALUATIONS} ordinary evaluations in less than a megabyte`,
    async () => {
      const directory = temporaryDirectory();
      const journal = openJournal(directory);
      await journal.append('s', [created('s')]);
      await evaluate(journal);
      const entries = journal.read('s');
      await journal.close();
      expect(statSync(join(directory, FILE)).size).toBeLessThan(MEGABYTE);
      const again = openJournal(directory);
      expect(again.verify('s')).toEqual({ lastGood: entries.length, head: entries.at(-1)?.hash, badSnapshots: [] });
      expect(again.read('s', { after: 5000, limit: 50 })).toEqual(entries.slice(5000, 5050));
      expect(again.findByKey(keyOf(77))[0]?.entries).toHaveLength(2);
    },
    PATIENCE_MS,
  );
});

async function evaluate(journal: Journal): Promise<void> {
  const TOGETHER = 50;
  for (let count = 0; count < EVALUATIONS; count += TOGETHER) {
    const drafts = Array.from({ length: TOGETHER }, (_, index) => [
      input(keyOf(count + index), `numbers add: ${count + index}`),
      output(keyOf(count + index)),
      ...(index % 4 === 0 ? [snapshot(Buffer.from(JSON.stringify({ numbers: [count, index] })))] : []),
    ]);
    await journal.append('s', drafts.flat());
  }
}

/** As random as a UUID. */
function keyOf(count: number): string {
  const hex = noise(16, String(count)).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
