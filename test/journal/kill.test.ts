import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import { openSqliteJournal } from '../../src/journal/sqlite.js';
import type { StoredEntry } from '../../src/session/entry.js';
import { Child } from '../local/child-process.js';
import { temporaryDirectory } from '../local/temporary.js';
import { created, renamed } from './drafts.js';

const KILLS = 50;
const KILLS_EARLY = 25;
const REPAIRS = 15;
const PATIENCE_MS = 180_000;

/** Entries of the session that is repaired, and how many are before the damage. */
const LENGTH = 4000;
const LAST_GOOD = 3000;

interface Acknowledgement {
  readonly session: string;
  readonly key: string;
  readonly seq: number;
}

/** Bundled as Node 20 does not run TypeScript; libsql, being native, is found through a link. */
function bundle(name: string): string {
  const directory = temporaryDirectory();
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'));
  const outfile = join(directory, `${name}.mjs`);
  const script = resolve(`test/journal/children/${name}.ts`);
  const options = ['--bundle', '--platform=node', '--format=esm', '--external:libsql', '--log-level=error'];
  execFileSync(resolve('node_modules/.bin/esbuild'), [script, ...options, `--outfile=${outfile}`]);
  return outfile;
}

describe('a process killed while it appends', () => {
  it.each([
    [`${KILLS} times over`, [], KILLS],
    [`${KILLS_EARLY} times over while it also puts old entries into segments`, ['early'], KILLS_EARLY],
  ])(
    'loses nothing it acknowledged and doubles nothing, %s',
    async (_how, more, kills) => {
      const script = bundle('appending');
      const directory = temporaryDirectory();
      const acknowledged: Acknowledgement[] = [];
      for (let kill = 0; kill < kills; kill += 1) {
        const child = new Child(script, [directory, `run${kill}`, ...more]);
        // The children keep on while the kill is under way, so it finds them anywhere in their work.
        await child.printed(1 + ((kill * 7) % 40));
        const { lines, signal } = await child.kill();
        expect(signal).toBe('SIGKILL');
        acknowledged.push(...lines.filter(isWhole).map((line) => JSON.parse(line) as Acknowledgement));
        await check(directory, acknowledged);
      }
    },
    PATIENCE_MS,
  );
});

describe('a process killed while it repairs', () => {
  it(
    `leaves the session as it was or repaired, ${REPAIRS} times over`,
    async () => {
      const script = bundle('repairing');
      const damaged = await damagedJournal();
      const wholeRepair = await killedAfter(script, damaged, (child) => child.printed(2));
      const seen = new Set([wholeRepair.state]);
      // Halving goes towards the moment of the commit, however fast this machine is just now.
      let early = 0;
      let late = wholeRepair.durationMs;
      for (let kill = 1; kill < REPAIRS; kill += 1) {
        const delay = (early + late) / 2;
        const { state } = await killedAfter(script, damaged, () => setTimeout(delay));
        seen.add(state);
        if (state === 'repaired') late = delay;
        else early = delay;
      }
      expect([...seen].sort()).toEqual(['damaged', 'repaired']);
    },
    PATIENCE_MS,
  );
});

/**
 * Starts a repair of a copy of a journal and kills it.
 *
 * @param until resolves when to kill; called when the repair begins
 * @returns what the copy is afterwards, and how long the repair was left alone, in ms
 */
async function killedAfter(
  script: string,
  damaged: string,
  until: (child: Child) => Promise<unknown>,
): Promise<{ state: string; durationMs: number }> {
  const directory = temporaryDirectory();
  cpSync(damaged, directory, { recursive: true });
  const child = new Child(script, [directory]);
  await child.printed(1);
  const startedAt = performance.now();
  await until(child);
  await child.kill();
  const durationMs = performance.now() - startedAt;
  return { state: await stateOf(directory), durationMs };
}

/** @returns the directory of a journal with a session of a few thousand entries, damaged in the middle. */
async function damagedJournal(): Promise<string> {
  const directory = temporaryDirectory();
  const journal = openSqliteJournal({ directory, compaction: { keep: 2000, batch: 100, rest: 100, segment: 100 } });
  const names = Array.from({ length: LENGTH - 1 }, (_, index) => renamed(`name ${index}`));
  await journal.append('s', [created('s'), ...names]);
  await journal.close();
  const database = new Database(join(directory, 'journal.sqlite'));
  database.exec(`UPDATE entries SET hash = zeroblob(32) WHERE seq = ${LAST_GOOD + 1}`);
  database.close();
  return directory;
}

async function stateOf(directory: string): Promise<string> {
  const journal = openSqliteJournal({ directory });
  const { lastGood, damage } = journal.verify('s');
  const isRepaired = journal.session('s')?.revision === LAST_GOOD;
  if (isRepaired) await journal.append('s', [renamed('after it')], { expectedRevision: LAST_GOOD });
  await journal.close();
  if (lastGood !== LAST_GOOD || isRepaired !== (damage === undefined)) return `neither: ${lastGood}, ${damage}`;
  if (!isRepaired) return 'damaged';
  const [file = ''] = readdirSync(join(directory, 'damaged'));
  const kept = readFileSync(join(directory, 'damaged', file), 'utf8')
    .trim()
    .split('\n');
  return kept.length === LENGTH - LAST_GOOD + 1 ? 'repaired' : `repaired, with ${kept.length} records kept`;
}

/** The kill may cut the last line short. */
function isWhole(line: string): boolean {
  return line.endsWith('}');
}

async function check(directory: string, acknowledged: readonly Acknowledgement[]): Promise<void> {
  const journal = openSqliteJournal({ directory });
  const entries = new Map<string, readonly StoredEntry[]>();
  for (const { id, revision } of journal.sessions()) {
    expect(journal.verify(id)).toMatchObject({ lastGood: revision });
    expect(journal.verify(id).damage).toBeUndefined();
    entries.set(id, journal.read(id));
  }
  const missing = acknowledged.filter(({ session, key, seq }) => keyOf(entries.get(session)?.[seq - 1]) !== key);
  expect(missing).toEqual([]);
  for (const [session, stored] of entries) {
    const inputs = stored.filter(({ entry }) => entry.type === 'input').map(keyOf);
    expect(new Set(inputs).size).toBe(inputs.length);
    const last = inputs.at(-1) ?? '';
    expect(journal.findByKey(last, session)[0]?.entries.map(keyOf)).toContain(last);
  }
  await journal.close();
}

function keyOf(stored: StoredEntry | undefined): string | undefined {
  const entry = stored?.entry;
  return entry?.type === 'input' || entry?.type === 'output' ? entry.key : undefined;
}
