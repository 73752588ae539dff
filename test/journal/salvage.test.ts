import { cpSync, existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ForeignFile } from '../../src/journal/errors.js';
import { DamagedJournal, JournalLocked } from '../../src/journal/journal.js';
import { type Salvage, salvageJournal } from '../../src/journal/salvage.js';
import { openSqliteJournal } from '../../src/journal/sqlite.js';
import { beginSwap, commitSwap } from '../../src/journal/swap.js';
import type { StoredEntry } from '../../src/session/entry.js';
import { temporaryDirectory } from '../local/temporary.js';
import { created, input, noise, output, renamed, snapshot } from './drafts.js';
import { EARLY, openJournal } from './journals.js';

const FILE = 'journal.sqlite';
const LOG = 'journal.sqlite-wal';
const MARK = 'journal.mark';
const PAGE = 4096;
const NOW = new Date('2026-03-04T05:06:07.089Z');
const FLIP_EVERY = 797;
/** The first page has the header and the definitions. */
const FLIP_EVERY_AT_FIRST = 67;
const CUT_EVERY = 5003;
const PATIENCE_MS = 180_000;

interface Written {
  readonly directory: string;
  readonly entries: ReadonlyMap<string, readonly StoredEntry[]>;
}

/** @returns a journal with two sessions: `s` is in segments for the most part, if wanted, `t` spreads over many pages. */
async function written(how: 'closed' | 'compacted' | 'killed'): Promise<Written> {
  const directory = temporaryDirectory();
  const journal = openJournal(directory, how === 'compacted' ? EARLY : undefined);
  await journal.append('s', [created('s'), input('k1'), output('k1'), snapshot(noise(900)), renamed('new name')]);
  await journal.append('t', [
    created('t'),
    ...Array.from({ length: 60 }, (_, index) => renamed(`${index}`.repeat(50))),
  ]);
  await journal.append('s', [input('k2'), output('k2'), snapshot(noise(9000)), input('k3')]);
  const entries = new Map(['s', 't'].map((id) => [id, journal.read(id)]));
  const copy = temporaryDirectory();
  if (how === 'killed') cpSync(directory, copy, { recursive: true });
  await journal.close();
  return { directory: how === 'killed' ? copy : directory, entries };
}

function salvage(directory: string, dryRun = false): Promise<Salvage> {
  return salvageJournal({ directory, dryRun, now: NOW });
}

/** Salvages, and repairs what can then be opened but is damaged. */
async function remedied(directory: string): Promise<Salvage> {
  const salvaged = await salvage(directory);
  const journal = openSqliteJournal({ directory });
  try {
    const sessions: Salvage['sessions'][number][] = [];
    for (const session of salvaged.sessions) {
      const { lastGood } = await journal.repair(session.id, { dryRun: false });
      if (lastGood > 0) sessions.push({ ...session, lastGood });
    }
    return { ...salvaged, sessions };
  } finally {
    await journal.close();
  }
}

function change(file: string, edit: (bytes: Buffer) => void): void {
  const bytes = readFileSync(file);
  edit(bytes);
  writeFileSync(file, bytes);
}

/** What was salvaged is a beginning of what was there, can be read, and gone on from. */
async function expectSalvaged({ entries }: Written, directory: string, salvaged: Salvage, at = 0): Promise<void> {
  const journal = openSqliteJournal({ directory });
  try {
    expect([at, journal.sessions().map(({ id }) => id)]).toEqual([at, salvaged.sessions.map(({ id }) => id)]);
    for (const { id, lastGood } of salvaged.sessions) {
      expect([at, journal.read(id)]).toEqual([at, entries.get(id)?.slice(0, lastGood)]);
      const { damage, badSnapshots } = journal.verify(id);
      expect([at, damage, badSnapshots]).toEqual([at, undefined, []]);
      await journal.append(id, [renamed('after it')], { expectedRevision: lastGood });
    }
  } finally {
    await journal.close();
  }
}

describe('salvaging a journal', () => {
  it.each([
    ['closed', 'header', (bytes: Buffer) => bytes.fill(0, 0, 100)],
    ['compacted', 'header', (bytes: Buffer) => bytes.fill(0, 0, 100)],
    ['compacted', 'definitions', (bytes: Buffer) => bytes.write('CREATE TABLF', bytes.indexOf('CREATE TABLE'))],
    ['closed', 'first page', (bytes: Buffer) => bytes.fill(0xff, 0, PAGE)],
    ['compacted', 'first page', (bytes: Buffer) => bytes.fill(0xff, 0, PAGE)],
  ] as const)(
    'finds everything again when a %s one has lost its %s, and keeps the old file',
    async (how, _what, edit) => {
      const journal = await written(how);
      const { directory } = journal;
      change(join(directory, FILE), edit);
      const broken = readFileSync(join(directory, FILE));
      expect(() => openSqliteJournal({ directory })).toThrow();
      const salvaged = await salvage(directory);
      expect(salvaged.damage).toEqual(expect.any(String));
      expect(salvaged.sessions).toEqual([
        { id: 's', name: 'new name', lastGood: 9, damage: null },
        { id: 't', name: '59'.repeat(50), lastGood: 61, damage: null },
      ]);
      const folder = join(directory, 'damaged', 'journal-2026-03-04T05-06-07.089Z');
      expect(salvaged.keptIn).toBe(folder);
      expect(readFileSync(join(folder, FILE)).equals(broken)).toBe(true);
      expect(existsSync(join(folder, MARK))).toBe(true);
      expect(readdirSync(directory).sort()).toEqual(['damaged', MARK, FILE]);
      expect(statSync(join(directory, FILE)).mode & 0o777).toBe(0o600);
      await expectSalvaged(journal, directory, salvaged);
      const again = openJournal(directory);
      expect(Buffer.from(again.blob('s', 4) ?? []).equals(noise(900))).toBe(true);
      expect(Buffer.from(again.blob('s', 8) ?? []).equals(noise(9000))).toBe(true);
      expect(again.findByKey('k1')[0]?.entries).toHaveLength(2);
    },
  );

  it(
    'or repairing its sessions is a remedy wherever the file ends',
    async () => {
      for (const how of ['closed', 'compacted'] as const) {
        const journal = await written(how);
        const { length } = readFileSync(join(journal.directory, FILE));
        for (let end = 0; end < length; end += CUT_EVERY) {
          const directory = temporaryDirectory();
          cpSync(journal.directory, directory, { recursive: true });
          truncateSync(join(directory, FILE), end);
          const salvaged = await remedied(directory);
          await expectSalvaged(journal, directory, salvaged, end);
        }
      }
    },
    PATIENCE_MS,
  );

  it(
    'or repairing its sessions is a remedy for any flipped bit',
    async () => {
      const journal = await written('compacted');
      const bytes = readFileSync(join(journal.directory, FILE));
      let salvages = 0;
      for (let at = 0; at < bytes.length; at += at < PAGE ? FLIP_EVERY_AT_FIRST : FLIP_EVERY) {
        const directory = temporaryDirectory();
        cpSync(journal.directory, directory, { recursive: true });
        const flipped = Buffer.from(bytes);
        flipped[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
        writeFileSync(join(directory, FILE), flipped);
        const salvaged = await remedied(directory).catch((error: Error) => error.name);
        if (typeof salvaged === 'string') expect([at, salvaged]).toEqual([at, 'NewerJournal']);
        else await expectSalvaged(journal, directory, salvaged, at);
        if (typeof salvaged !== 'string' && salvaged.keptIn !== null) salvages += 1;
      }
      expect(salvages).toBeGreaterThan(10);
    },
    PATIENCE_MS,
  );

  it('accepts that acknowledged entries are missing from the end, says so, and keeps the log and the mark', async () => {
    const journal = await written('killed');
    const { directory } = journal;
    const log = readFileSync(join(directory, LOG));
    truncateSync(join(directory, LOG), log.length - 5000);
    const salvaged = await salvage(directory);
    expect(salvaged.damage).toMatch(/Acknowledged entries are missing/);
    expect(salvaged.sessions.map(({ id }) => id)).toEqual(['s', 't']);
    expect(readdirSync(salvaged.keptIn ?? '')).toEqual(expect.arrayContaining([MARK, FILE]));
    const kept = readdirSync(salvaged.keptIn ?? '').find((name) => name.startsWith(LOG));
    expect(readFileSync(join(salvaged.keptIn ?? '', kept ?? '')).equals(log.subarray(0, -5000))).toBe(true);
    await expectSalvaged(journal, directory, salvaged);
  });

  it('finds the entries in a log behind a frame that is damaged', async () => {
    const journal = await written('killed');
    const { directory } = journal;
    // The first commit's frames: SQLite takes the log for empty.
    change(join(directory, LOG), (bytes) => bytes.writeUInt8((bytes[40] ?? 0) ^ 1, 40));
    expect(() => openSqliteJournal({ directory: copyOf(directory) })).toThrow(DamagedJournal);
    const salvaged = await salvage(directory);
    expect(salvaged.sessions.map(({ id, lastGood }) => [id, lastGood])).toEqual([
      ['s', 9],
      ['t', 61],
    ]);
    await expectSalvaged(journal, directory, salvaged);
  });

  it('finds them also after the journal was opened in vain, which ends the log', async () => {
    const journal = await written('killed');
    const { directory } = journal;
    change(join(directory, LOG), (bytes) => bytes.writeUInt8((bytes[40] ?? 0) ^ 1, 40));
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(() => openSqliteJournal({ directory })).toThrow(DamagedJournal);
    }
    const salvaged = await salvage(directory);
    expect(salvaged.sessions.map(({ id, lastGood }) => [id, lastGood])).toEqual([
      ['s', 9],
      ['t', 61],
    ]);
    await expectSalvaged(journal, directory, salvaged);
  });

  it('does not bring back a session that was removed', async () => {
    const { directory } = await written('closed');
    const journal = openJournal(directory);
    await journal.remove('t');
    await journal.close();
    change(join(directory, FILE), (bytes) => bytes.write('CREATE TABLF', bytes.indexOf('CREATE TABLE')));
    const salvaged = await salvage(directory);
    expect(salvaged.sessions.map(({ id }) => id)).toEqual(['s']);
  });

  it('changes nothing in a dry run, and says the same', async () => {
    const { directory } = await written('compacted');
    change(join(directory, FILE), (bytes) => bytes.fill(0xff, 0, PAGE));
    const before = readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'base64')]);
    const planned = await salvage(directory, true);
    expect(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'base64')])).toEqual(before);
    expect(planned.keptIn).toBeNull();
    const salvaged = await salvage(directory);
    expect({ ...salvaged, keptIn: null }).toEqual(planned);
  });

  it('does nothing to a journal that opens, or is not there', async () => {
    const { directory } = await written('closed');
    const before = readFileSync(join(directory, FILE));
    const salvaged = await salvage(directory);
    expect(salvaged).toMatchObject({ damage: null, keptIn: null, sessions: [{ id: 's', lastGood: 9 }, { id: 't' }] });
    expect(readFileSync(join(directory, FILE)).length).toBe(before.length);
    const empty = temporaryDirectory();
    expect(await salvage(empty)).toEqual({ damage: null, sessions: [], keptIn: null });
    expect(readdirSync(empty)).toEqual([]);
  });

  it('is refused while the journal is open, and for a file that is something else', async () => {
    const { directory } = await written('closed');
    const journal = openJournal(directory);
    await expect(salvage(directory)).rejects.toThrow(JournalLocked);
    await journal.close();
    const foreign = temporaryDirectory();
    writeFileSync(join(foreign, FILE), 'my diary '.repeat(4096));
    await expect(salvage(foreign)).rejects.toThrow(ForeignFile);
    expect(readdirSync(foreign)).toEqual([FILE]);
  });

  it('is ended by who opens the journal next when it was killed after the new one was complete', async () => {
    const journal = await written('killed');
    const { directory } = journal;
    const stamp = 'then';
    const folder = beginSwap(directory, stamp);
    const made = openJournal(folder);
    await made.append('new', [created('new')]);
    await made.close();
    expect(openSqliteJournal({ directory: copyOf(directory) }).sessions()).toHaveLength(2);
    commitSwap(directory, stamp);
    const opened = openJournal(directory);
    expect(opened.sessions().map(({ id }) => id)).toEqual(['new']);
    expect(readdirSync(join(directory, 'damaged', 'journal-then')).sort()).toEqual([MARK, FILE, LOG]);
  });
});

function copyOf(directory: string): string {
  const copy = temporaryDirectory();
  cpSync(directory, copy, { recursive: true });
  return copy;
}
