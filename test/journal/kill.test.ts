import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { openSqliteJournal } from '../../src/journal/sqlite.js';
import type { StoredEntry } from '../../src/session/entry.js';
import { Child } from '../local/child-process.js';
import { temporaryDirectory } from '../local/temporary.js';

const KILLS = 50;
const PATIENCE_MS = 180_000;

interface Acknowledgement {
  readonly session: string;
  readonly key: string;
  readonly seq: number;
}

/** Bundled as Node 20 does not run TypeScript; libsql, being native, is found through a link. */
function bundle(): string {
  const directory = temporaryDirectory();
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'));
  const outfile = join(directory, 'appending.mjs');
  const script = resolve('test/journal/children/appending.ts');
  const options = ['--bundle', '--platform=node', '--format=esm', '--external:libsql', '--log-level=error'];
  execFileSync(resolve('node_modules/.bin/esbuild'), [script, ...options, `--outfile=${outfile}`]);
  return outfile;
}

describe('a process killed while it appends', () => {
  it(
    `loses nothing it acknowledged and doubles nothing, ${KILLS} times over`,
    async () => {
      const script = bundle();
      const directory = temporaryDirectory();
      const acknowledged: Acknowledgement[] = [];
      for (let kill = 0; kill < KILLS; kill += 1) {
        const child = new Child(script, [directory, `run${kill}`]);
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
