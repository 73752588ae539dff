import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import type { Journal, Repair } from '../../src/journal/journal.js';
import { openSqliteJournal } from '../../src/journal/sqlite.js';
import { temporaryDirectory } from '../local/temporary.js';
import { created, input, noise, output, renamed, snapshot } from './drafts.js';
import { openJournal } from './journals.js';

const FILE = 'journal.sqlite';
const FOLDER = 'damaged';
const FLIP_EVERY = 211;
const PATIENCE_MS = 120_000;

/** @returns the directory of a closed journal with two sessions; `s` has eight entries, two of them snapshots. */
async function written(): Promise<string> {
  const directory = temporaryDirectory();
  const journal = openJournal(directory);
  await journal.append('s', [created('s'), input('k1'), output('k1'), snapshot(noise(900))]);
  await journal.append('s', [input('k2'), output('k2'), snapshot(noise(9000)), renamed('x')]);
  await journal.append('t', [created('t'), input('k1'), output('k1')]);
  await journal.close();
  return directory;
}

async function tampered(sql: string): Promise<string> {
  const directory = await written();
  const database = new Database(join(directory, FILE));
  database.exec(sql);
  database.close();
  return directory;
}

interface Remnant {
  readonly kind: string;
  readonly seq: number;
  readonly line?: string;
  readonly content?: string;
}

/** @returns the records of the file with what was taken away, without its header. */
function kept(repair: Repair): Remnant[] {
  const lines = readFileSync(repair.keptIn ?? '', 'utf8')
    .trim()
    .split('\n');
  return lines.slice(1).map((line) => JSON.parse(line) as Remnant);
}

function seqsOf(kind: string, remnants: readonly Remnant[]): number[] {
  return remnants.filter((remnant) => remnant.kind === kind).map(({ seq }) => seq);
}

/** Repaired, the session is sound, also when opened again, and goes on. */
async function expectSound(journal: Journal, directory: string, revision: number): Promise<void> {
  await journal.close();
  const again = openJournal(directory);
  expect(again.verify('s')).toEqual({ lastGood: revision, head: again.session('s')?.head, badSnapshots: [] });
  expect(again.findByKey('never')).toEqual([]);
  expect(again.findByKey('k1').map(({ session, entries }) => [session, entries.length])).toEqual([
    ['s', 2],
    ['t', 2],
  ]);
  expect(again.sessions().map(({ id }) => id)).toEqual(['s', 't']);
  await again.append('s', [renamed('after it')], { expectedRevision: revision });
  let bytes = 0;
  for (const { line, entry } of again.read('s')) {
    bytes += Buffer.byteLength(line) + (again.blob('s', entry.seq)?.length ?? 0);
  }
  expect(again.session('s')?.bytes).toBe(bytes);
  expect(again.verify('s').damage).toBeUndefined();
  expect(again.verify('t').damage).toBeUndefined();
}

describe('repairing a session', () => {
  it.each([
    ['an entry', "UPDATE entries SET line = replace(line, '3 + 4', '3 + 5') WHERE session = 1 AND seq = 5", 4],
    ['a hash', 'UPDATE entries SET hash = zeroblob(32) WHERE session = 1 AND seq = 6', 5],
    ['the last hash', 'UPDATE entries SET hash = zeroblob(32) WHERE session = 1 AND seq = 8', 7],
    ['an entry that is missing', 'DELETE FROM entries WHERE session = 1 AND seq = 7', 6],
    ['an entry before the first', 'UPDATE entries SET seq = -8 WHERE session = 1 AND seq = 8', 7],
  ])('cuts it back to what is before %s', async (_what, sql, lastGood) => {
    const directory = await tampered(sql);
    const journal = openJournal(directory);
    const repair = await journal.repair('s', { dryRun: false });
    expect(repair).toMatchObject({ session: 's', lastGood, cut: 8 - lastGood, badSnapshots: [] });
    expect(repair.damage).toEqual(expect.any(String));
    await journal.append('s', [renamed('at once')], { expectedRevision: lastGood });
    await expectSound(journal, directory, lastGood + 1);
  });

  it('keeps what it cuts in a file that only its owner can read, with what is behind the damage', async () => {
    const directory = await tampered(
      "UPDATE entries SET line = replace(line, '3 + 4', '3 + 5') WHERE session = 1 AND seq = 5",
    );
    const journal = openJournal(directory);
    const repair = await journal.repair('s', { dryRun: false });
    expect(statSync(repair.keptIn ?? '').mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, FOLDER)).mode & 0o777).toBe(0o700);
    const remnants = kept(repair);
    expect(seqsOf('entry', remnants)).toEqual([5, 6, 7, 8]);
    expect(Buffer.from(remnants[0]?.line ?? '', 'base64').toString()).toContain('3 + 5');
    expect(seqsOf('blob', remnants)).toEqual([7]);
    const blob = remnants.find(({ kind }) => kind === 'blob');
    expect(Buffer.from(blob?.content ?? '', 'base64').equals(noise(9000))).toBe(true);
  });

  it.each([
    ['other bytes', 'UPDATE blobs SET content = zeroblob(900) WHERE session = 1 AND seq = 4', [4]],
    ['no bytes', 'DELETE FROM blobs WHERE session = 1 AND seq = 4', []],
  ])('gives up a snapshot with %s, and no entry', async (_what, sql, keptBlobs) => {
    const directory = await tampered(sql);
    const journal = openJournal(directory);
    expect(() => journal.blob('s', 4)).toThrow();
    const repair = await journal.repair('s', { dryRun: false });
    const badSnapshots = [{ seq: 4, reason: expect.stringContaining('snapshot') }];
    expect(repair).toMatchObject({ lastGood: 8, cut: 0, damage: null, badSnapshots });
    expect(repair.keptIn === null ? [] : seqsOf('blob', kept(repair))).toEqual(keptBlobs);
    expect(journal.blob('s', 4)).toBeUndefined();
    expect(journal.blob('s', 7)).toHaveLength(9000);
    await expectSound(journal, directory, 8);
  });

  it.each([
    ['is damaged', 'UPDATE sessions SET revision = 3 WHERE no = 1'],
    ['is lost', 'DELETE FROM sessions WHERE no = 1'],
    ['has another id', "UPDATE sessions SET id = CAST('x' AS BLOB) WHERE no = 1"],
    ['has another number', 'UPDATE sessions SET no = 99 WHERE no = 1'],
  ])('loses nothing of one whose row %s', async (_what, sql) => {
    const directory = await tampered(sql);
    const journal = openJournal(directory);
    const repair = await journal.repair('s', { dryRun: false });
    expect(repair).toMatchObject({ lastGood: 8, cut: 0, badSnapshots: [], keptIn: null });
    expect(repair.damage).toMatch(/row/);
    await journal.append('s', [renamed('at once')], { expectedRevision: 8 });
    await journal.close();
    const again = openJournal(directory);
    expect(again.verify('s')).toEqual({ lastGood: 9, head: again.session('s')?.head, badSnapshots: [] });
    expect(
      again
        .sessions()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['s', 't']);
  });

  it.each([
    ['has no key', 'UPDATE entries SET key = NULL, role = NULL WHERE session = 1 AND seq = 5'],
    ['has another key', "UPDATE entries SET key = CAST('k9' AS BLOB) WHERE session = 1 AND seq = 5"],
    ['has another role', 'UPDATE entries SET role = 7 WHERE session = 1 AND seq = 6'],
  ])('files an evaluation again that %s', async (_what, sql) => {
    const directory = await tampered(sql);
    const journal = openJournal(directory);
    expect(journal.verify('s')).toMatchObject({ lastGood: 8, damage: expect.stringContaining('index of keys') });
    const repair = await journal.repair('s', { dryRun: false });
    expect(repair).toMatchObject({ lastGood: 8, cut: 0, damage: expect.stringContaining('index of keys') });
    expect(journal.findByKey('k2', 's')[0]?.entries.map(({ entry }) => entry.seq)).toEqual([5, 6]);
    await expectSound(journal, directory, 8);
  });

  it('removes one whose first entry is damaged, after keeping it', async () => {
    const directory = await tampered('UPDATE entries SET hash = zeroblob(32) WHERE session = 1 AND seq = 1');
    const journal = openJournal(directory);
    const repair = await journal.repair('s', { dryRun: false });
    expect(repair).toMatchObject({ lastGood: 0, cut: 8 });
    expect(seqsOf('entry', kept(repair))).toHaveLength(8);
    expect(journal.session('s')).toBeUndefined();
    await journal.append('s', [created('s')], { expectedRevision: 0 });
  });

  it('changes nothing and says what it would do in a dry run', async () => {
    const directory = await tampered(
      'UPDATE entries SET hash = zeroblob(32) WHERE session = 1 AND seq = 7; UPDATE blobs SET form = 7 WHERE seq = 4',
    );
    const before = readFileSync(join(directory, FILE));
    const journal = openJournal(directory);
    const planned = await journal.repair('s', { dryRun: true });
    expect(planned).toMatchObject({ lastGood: 6, cut: 2, badSnapshots: [{ seq: 4 }], keptIn: null });
    expect(existsSync(join(directory, FOLDER))).toBe(false);
    expect(journal.verify('s').damage).toBeDefined();
    await journal.close();
    expect(contentOf(directory)).toBe(contentOf(copyWith(before)));
    const repaired = await openJournal(directory).repair('s', { dryRun: false });
    expect({ ...repaired, keptIn: null }).toEqual(planned);
  });

  it('does nothing to a session that is sound, or not there', async () => {
    const directory = await written();
    const journal = openJournal(directory);
    const nothing = { cut: 0, damage: null, badSnapshots: [], keptIn: null };
    expect(await journal.repair('s', { dryRun: false })).toEqual({ session: 's', lastGood: 8, ...nothing });
    expect(await journal.repair('u', { dryRun: false })).toEqual({ session: 'u', lastGood: 0, ...nothing });
    expect(existsSync(join(directory, FOLDER))).toBe(false);
    await journal.append('s', [renamed('x')], { expectedRevision: 8 });
  });

  it(
    'makes whatever opens with a flipped bit sound, keeping every entry before the damage',
    async () => {
      const original = await written();
      const bytes = readFileSync(join(original, FILE));
      let repaired = 0;
      for (let at = 0; at < bytes.length; at += FLIP_EVERY) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
        const directory = copyWith(flipped);
        repaired += await repairAll(directory, at);
      }
      expect(repaired).toBeGreaterThan(10);
    },
    PATIENCE_MS,
  );
});

/** @returns how many sessions were repaired; none when the file has to be salvaged. */
async function repairAll(directory: string, at: number): Promise<number> {
  let journal: Journal;
  try {
    journal = openSqliteJournal({ directory });
  } catch {
    return 0;
  }
  let repaired = 0;
  try {
    for (const { id } of journal.sessions()) {
      const { lastGood } = journal.verify(id);
      const repair = await journal.repair(id, { dryRun: false });
      expect([at, repair.lastGood]).toEqual([at, Math.max(repair.lastGood, lastGood)]);
      if (repair.damage !== null || repair.badSnapshots.length > 0) repaired += 1;
      if (repair.lastGood === 0) continue;
      await journal.append(id, [renamed('x')], { expectedRevision: repair.lastGood });
      expect([at, journal.verify(id)]).toMatchObject([at, { lastGood: repair.lastGood + 1, badSnapshots: [] }]);
    }
  } catch (error) {
    // A page of the tables' own structure: that is for salvage.
    if ((error as Error).name !== 'DamagedJournal') throw error;
  } finally {
    await journal.close();
  }
  return repaired;
}

function copyWith(file: Buffer): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, FILE), file);
  return directory;
}

/** @returns what is in the tables, as text. */
function contentOf(directory: string): string {
  const copy = temporaryDirectory();
  for (const name of readdirSync(directory)) cpSync(join(directory, name), join(copy, name), { recursive: true });
  const database = new Database(join(copy, FILE));
  const tables = ['sessions', 'entries', 'blobs'].map((table) => {
    return database.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).raw().all([]);
  });
  database.close();
  return JSON.stringify(tables);
}
