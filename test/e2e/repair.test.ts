/** Damage on the disk: found, said, and mended as far as it can be, through the backend and without one. */
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type Json, printed, stui, stuiWith, temporaryHome } from './stui.js';

/** Occurs in the journal in one entry only. */
const MARK = 'damage me';

/** @returns a home without a running backend, and two sessions in its journal; "hurt" is the current one */
async function homeAtRest(): Promise<string> {
  const home = temporaryHome();
  await stui(home, 'session', 'create', 'whole');
  await stui(home, 'eval', 'w := 1');
  await stui(home, 'session', 'create', 'hurt');
  await stui(home, 'eval', 'x := 1');
  await stui(home, 'eval', `y := '${MARK}' size`);
  await stui(home, 'eval', 'z := 3');
  expect((await stui(home, 'backend', 'stop')).code).toBe(0);
  return home;
}

const directoryOf = (home: string): string => join(home, 'data', 'backend');
const journalOf = (home: string): string => join(directoryOf(home), 'journal.sqlite');

/** Flips a bit of the entry that has the mark. */
function flip(home: string): void {
  const file = journalOf(home);
  const bytes = readFileSync(file);
  const at = bytes.indexOf(MARK);
  expect(at).toBeGreaterThan(0);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(file, bytes);
}

/** Overwrites what every SQLite file begins with. */
function deface(home: string): void {
  const file = journalOf(home);
  const bytes = readFileSync(file);
  bytes.write('Sqlite', 0);
  writeFileSync(file, bytes);
}

function cutShort(home: string): void {
  const file = journalOf(home);
  truncateSync(file, Math.floor(statSync(file).size / 2));
}

const verify = async (home: string, ...args: string[]): Promise<Json> =>
  (await stui(home, 'session', 'verify', ...args, '--json')).json;

describe('a damaged entry', () => {
  it('is found by a verification, which ends with 8 and says what to do', async () => {
    const home = await homeAtRest();
    flip(home);
    const { code, stdout } = await stui(home, 'session', 'verify', 'hurt', '--replay');
    expect(code).toBe(8);
    expect(stdout).toMatch(/^hurt is damaged: .+\nrevisions up to \d+ verify\n"stui session repair .+ --dry-run" says/);
    expect(await verify(home, 'hurt')).toMatchObject({ verified: false, lastGood: 4, replay: null });
    expect((await stui(home, 'session', 'verify', 'whole')).code).toBe(0);
  });

  it('keeps its session from being worked in, and no other', async () => {
    const home = await homeAtRest();
    flip(home);
    const { code, json } = await stui(home, 'eval', '3', '--json');
    expect({ code, error: json.error.code, hint: json.error.hint }).toEqual({
      code: 8,
      error: 'damaged-data',
      hint: expect.stringContaining('stui session repair --dry-run'),
    });
    expect((await stui(home, 'eval', 'w', '-s', 'whole')).stdout).toBe('1\n');
  });

  it('is taken out by a repair, with what follows it, and kept in a file', async () => {
    const home = await homeAtRest();
    flip(home);
    const looked = await stui(home, 'session', 'repair', '--dry-run', '--json');
    expect({ code: looked.code, dryRun: looked.json.dryRun }).toEqual({ code: 8, dryRun: true });
    const [would] = looked.json.sessions;
    expect(would).toMatchObject({ name: 'hurt', damage: expect.any(String), lastGood: 4, keptIn: null });
    expect((await stui(home, 'session', 'verify', 'hurt')).code).toBe(8);
    const { code, json } = await stui(home, 'session', 'repair', '--json');
    expect({ code, dataDirectory: json.dataDirectory }).toEqual({ code: 0, dataDirectory: null });
    const { keptIn, ...done } = json.sessions[0];
    expect(done).toEqual({ ...would, keptIn: undefined });
    expect(statSync(keptIn).size).toBeGreaterThan(0);
    expect((await verify(home, 'hurt')).verified).toBe(true);
    expect(await printed(home, 'x')).toBe('1');
    expect(await stui(home, 'session', 'repair')).toMatchObject({ code: 0, stdout: 'Nothing is damaged.\n' });
  });

  it('of one session is repaired alone when that is asked for', async () => {
    const home = await homeAtRest();
    flip(home);
    expect((await stui(home, 'session', 'repair', 'whole')).stdout).toBe('Nothing is damaged.\n');
    expect((await stui(home, 'session', 'verify', 'hurt')).code).toBe(8);
    expect((await stui(home, 'session', 'repair', 'hurt')).code).toBe(0);
    expect((await stui(home, 'session', 'verify', 'hurt')).code).toBe(0);
  });
});

describe.each([
  ['cut short', cutShort],
  ['overwritten at its beginning', deface],
])('a journal that was %s', (_, damage) => {
  it('keeps the backend from starting, which ends with 8 and names the way out', async () => {
    const home = await homeAtRest();
    damage(home);
    for (const args of [
      ['session', 'list'],
      ['eval', '3', '--offline', 'fail'],
      ['backend', 'start', '--detach'],
    ]) {
      const { code, json } = await stui(home, ...args, '--json');
      expect({ args, code, error: json.error.code }).toEqual({ args, code: 8, error: 'journal-damaged' });
      expect(json.error.hint).toContain('stui session repair --dry-run');
    }
  });

  it('is repaired without a backend, which then starts; the journal as it was is kept', async () => {
    const home = await homeAtRest();
    damage(home);
    const before = readFileSync(journalOf(home));
    const looked = await stui(home, 'session', 'repair', '--dry-run', '--json');
    expect({ code: looked.code, directory: looked.json.dataDirectory, damage: looked.json.damage }).toEqual({
      code: 8,
      directory: directoryOf(home),
      damage: expect.any(String),
    });
    expect(readFileSync(journalOf(home)).equals(before)).toBe(true);
    const { code, json } = await stui(home, 'session', 'repair', '--json');
    expect(code).toBe(0);
    expect(json.keptIn).not.toBeNull();
    const { sessions } = (await stui(home, 'session', 'list', '--json')).json;
    for (const { name } of sessions) expect((await stui(home, 'session', 'verify', name)).code).toBe(0);
    expect((await stui(home, 'session', 'create', 'new')).code).toBe(0);
    expect(await printed(home, '3 + 4')).toBe('7');
  });
});

describe('a repair of a data directory', () => {
  it('finds nothing wrong where nothing is, and takes nothing out', async () => {
    const home = await homeAtRest();
    const at = ['--data-dir', directoryOf(home)];
    expect(await stui(home, 'session', 'repair', ...at)).toMatchObject({ code: 0, stdout: 'Nothing is damaged.\n' });
    const { json } = await stui(home, 'session', 'repair', ...at, '--json');
    expect(json).toMatchObject({ dryRun: false, damage: null, keptIn: null });
    expect(json.sessions).toHaveLength(2);
    for (const session of json.sessions) {
      expect(session).toMatchObject({ damage: null, cut: 0, badSnapshots: [], keptIn: null });
    }
    expect(await printed(home, 'x + z')).toBe('4');
  });

  it('mends a damaged session', async () => {
    const home = await homeAtRest();
    flip(home);
    const at = ['--data-dir', 'backend'];
    const cwd = join(home, 'data');
    expect((await stuiWith(home, { cwd }, 'session', 'repair', ...at, '--dry-run')).code).toBe(8);
    const { code, stdout } = await stuiWith(home, { cwd }, 'session', 'repair', ...at);
    expect(code).toBe(0);
    expect(stdout).toMatch(/hurt \(\w{8}\): .+\n {2}brought back to revision 4/);
    expect(stdout).toContain('1 session is whole.');
    expect(await printed(home, 'x')).toBe('1');
    expect((await stui(home, 'eval', 'w', '-s', 'whole')).stdout).toBe('1\n');
  });

  it('is refused while a backend runs on it, and where there is none', async () => {
    const home = await homeAtRest();
    await stui(home, 'session', 'list');
    const running = await stui(home, 'session', 'repair', '--data-dir', directoryOf(home), '--json');
    expect({ code: running.code, error: running.json.error.code }).toEqual({ code: 4, error: 'backend-running' });
    const none = await stui(home, 'session', 'repair', '--data-dir', join(home, 'nowhere'), '--json');
    expect({ code: none.code, error: none.json.error.code }).toEqual({ code: 3, error: 'no-journal' });
    expect(readdirSync(home)).not.toContain('nowhere');
    expect((await stui(home, 'session', 'repair', 'hurt', '--data-dir', directoryOf(home))).code).toBe(2);
  });
});
