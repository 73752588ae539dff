/** A session's past: going back to it, forking it, comparing it, and holding it to what it says. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { childrenOf, killAtOnce } from './processes.js';
import { backendPid, type Ending, type Json, printed, stui, temporaryDirectory, temporaryHome } from './stui.js';
import { until } from './until.js';

interface Worked {
  readonly home: string;
  /** Revision of the session after `x` was made 1, and its time. */
  readonly first: number;
  readonly time: string;
}

/** A home with a session in which `x` was 1, and is 2 now. */
async function homeAtWork(): Promise<Worked> {
  const home = temporaryHome();
  await stui(home, 'session', 'create', 'demo');
  await stui(home, 'eval', 'x := 1');
  const { revision: first, updatedAt: time } = (await stui(home, 'session', 'show', '--json')).json;
  await stui(home, 'eval', 'x := 2. y := OrderedCollection with: 4');
  return { home, first, time };
}

const show = async (home: string, ...args: string[]): Promise<Json> =>
  (await stui(home, 'session', 'show', '--json', ...args)).json;

async function killEngines(home: string): Promise<void> {
  await killAtOnce(childrenOf(backendPid(home)));
  await until('the backend to notice', async () => (await show(home)).engineState === 'none');
}

const codeAndError = ({ code, json }: Ending) => ({ code, error: json.error.code });

describe('a restore', () => {
  it('goes back to a revision, and forward again: the journal keeps what came after', async () => {
    const { home, first } = await homeAtWork();
    const { revision } = await show(home);
    const { code, json } = await stui(home, 'session', 'restore', '--at', String(first), '--json');
    expect({ code, at: json.at, differences: json.differences }).toEqual({ code: 0, at: first, differences: [] });
    expect(await printed(home, 'x')).toBe('1');
    expect((await stui(home, 'eval', 'y')).code).not.toBe(0);
    await stui(home, 'session', 'restore', '--at', String(revision));
    expect(await printed(home, 'x -> y first')).toBe('2->4');
  });

  it('goes back to a time', async () => {
    const { home, first, time } = await homeAtWork();
    const { json } = await stui(home, 'session', 'restore', '--at', time, '--json');
    expect(json.at).toBe(first);
    expect(await printed(home, 'x')).toBe('1');
  });

  it('does what its plan said, table by table', async () => {
    const { home, first } = await homeAtWork();
    await stui(home, 'eval', "Object subclass: #Thing instanceVariableNames: '' category: 'Demo'");
    const at = ['--at', String(first + 2)];
    const plan = (await stui(home, 'session', 'restore', '--plan', ...at, '--json')).json;
    expect(plan).toMatchObject({ plan: true, differences: [] });
    const before = await show(home);
    expect((await stui(home, 'session', 'restore', '--plan', ...at)).stdout).toContain(
      'A restore would take demo back',
    );
    expect((await show(home)).revision).toBe(before.revision);
    const done = (await stui(home, 'session', 'restore', ...at, '--json')).json;
    const tables = ({ bindings, definitions, context, replayed, notReplayed, conflicts }: Json) => ({
      bindings,
      definitions,
      context,
      replayed,
      notReplayed,
      conflicts,
    });
    expect(tables(done)).toEqual(tables(plan));
    expect(Object.keys(done).sort()).toEqual(Object.keys(plan).sort());
  });

  it('with the strategy none gives a clean engine', async () => {
    const { home } = await homeAtWork();
    const { code, json } = await stui(home, 'session', 'restore', '--strategy', 'none', '--json');
    expect({ code, strategy: json.strategy, lost: json.lost }).toEqual({ code: 0, strategy: 'none', lost: ['x', 'y'] });
    expect((await stui(home, 'eval', 'x')).code).not.toBe(0);
  });

  it('with the strategy replay runs what no snapshot covers, and says what that cost before', async () => {
    const { home } = await homeAtWork();
    const evaluation = stui(home, 'eval', 'z := x + 40. [true] whileTrue');
    await until('the evaluation to run', async () => (await show(home)).engineState === 'busy');
    await killAtOnce(childrenOf(backendPid(home)));
    expect((await evaluation).code).toBe(11);
    const plan = (await stui(home, 'session', 'restore', '--strategy', 'replay', '--plan')).stdout;
    expect(plan).toMatch(/INPUT +RUNS AGAIN +OUTCOME +CODE\n\d+ +yes +unknown +z := x \+ 40/);
    expect(plan).toMatch(/cost: .*1 input runs again, which took /);
    const kept = (await stui(home, 'session', 'restore', '--plan')).stdout;
    expect(kept).toMatch(/\n\d+ +no +unknown +z := x \+ 40/);
    expect(kept).toContain('Not run again: 1 input. To run it: --strategy replay');
  });

  it('is refused when the session is not where it is said to be', async () => {
    const { home, first } = await homeAtWork();
    const ending = await stui(home, 'session', 'restore', '--if-revision', String(first), '--json');
    expect(codeAndError(ending)).toEqual({ code: 4, error: 'revision-conflict' });
    const { revision } = await show(home);
    expect((await stui(home, 'session', 'restore', '--if-revision', String(revision))).code).toBe(0);
  });

  it.each([
    ['two strategies', ['--replay', '--strategy', 'none']],
    ['a point that is none', ['--at', 'yesterday-ish']],
  ])('is refused with 2 for %s', async (_, flags) => {
    const home = temporaryHome();
    const ending = await stui(home, 'session', 'restore', 'demo', ...flags, '--json');
    expect(codeAndError(ending)).toEqual({ code: 2, error: 'bad-usage' });
  });
});

describe('a fork', () => {
  it('has the history up to there, is the current session, and leaves the session alone', async () => {
    const { home, first } = await homeAtWork();
    const { code, json } = await stui(home, 'session', 'fork', 'demo', 'other', '--at', String(first), '--json');
    expect({ code, name: json.session.name, forkedFrom: json.session.forkedFrom }).toEqual({
      code: 0,
      name: 'other',
      forkedFrom: { session: json.from.id, name: 'demo', revision: first },
    });
    expect(await printed(home, 'x')).toBe('1');
    await stui(home, 'eval', 'x := 100');
    await stui(home, 'session', 'use', 'demo');
    expect(await printed(home, 'x')).toBe('2');
    expect((await stui(home, 'session', 'show', 'other')).stdout).toMatch(/forked from +demo \(\w{8}\) at revision/);
  });

  it('has its own name also when the session had others', async () => {
    const { home } = await homeAtWork();
    await stui(home, 'session', 'rename', 'demo', 'later');
    expect((await stui(home, 'session', 'fork', 'later', 'other', '--json')).json.session.name).toBe('other');
    expect((await stui(home, 'session', 'fork', 'later', '--json')).json.session.name).not.toBe('later');
  });

  it('of the current session is named with --name; one word is the session, and says so when it is none', async () => {
    const { home } = await homeAtWork();
    const { code, json } = await stui(home, 'session', 'fork', 'experiment', '--json');
    expect({ code, hint: json.error.hint }).toEqual({ code: 3, hint: expect.stringContaining('--name experiment') });
    expect((await stui(home, 'session', 'fork', '--name', 'experiment')).code).toBe(0);
    expect((await stui(home, 'session', 'current')).stdout).toBe('experiment\n');
    expect((await stui(home, 'session', 'fork', 'demo', 'a', '--name', 'b')).code).toBe(2);
  });

  it('is refused when the session is not where it is said to be', async () => {
    const { home, first } = await homeAtWork();
    const ending = await stui(home, 'session', 'fork', 'demo', 'other', '--if-revision', String(first), '--json');
    expect(codeAndError(ending)).toEqual({ code: 4, error: 'revision-conflict' });
  });
});

describe('a comparison', () => {
  it('says what differs between a fork and its session, and with --exit-code ends with 4', async () => {
    const { home, first } = await homeAtWork();
    await stui(home, 'session', 'fork', 'demo', 'other', '--at', String(first));
    await stui(home, 'eval', 'x := 100');
    const { code, json } = await stui(home, 'session', 'diff', 'demo', '--json');
    expect({ code, same: json.same, common: json.common }).toEqual({ code: 0, same: false, common: first });
    expect(json.bindings).toEqual([
      { name: 'x', change: 'changed', a: '2', b: '100' },
      { name: 'y', change: 'removed', a: 'an OrderedCollection(4)', b: null },
    ]);
    const codes = (evaluations: Json[]) => evaluations.map(({ code }) => code);
    expect([codes(json.onlyInA), codes(json.onlyInB)]).toEqual([
      ['x := 2. y := OrderedCollection with: 4'],
      ['x := 100'],
    ]);
    const text = await stui(home, 'session', 'diff', 'demo', 'other', '--exit-code');
    expect(text.code).toBe(4);
    expect(text.stdout).toContain('~ x: 2 -> 100\n- y: an OrderedCollection(4)');
  });

  it('of a session with itself finds nothing, and with its past what came after', async () => {
    const { home, first } = await homeAtWork();
    const same = await stui(home, 'session', 'diff', 'demo', '--exit-code');
    expect({ code: same.code, stdout: same.stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('They do not differ.'),
    });
    const { json } = await stui(home, 'session', 'diff', `@${first}`, '--json');
    expect(json).toMatchObject({ same: false, a: { revision: first } });
    expect(json.onlyInB).toHaveLength(1);
  });

  it('takes a session for itself whose name ends like a revision', async () => {
    const { home } = await homeAtWork();
    const name = 'demo@1';
    const { id } = (await stui(home, 'session', 'create', name, '--json')).json;
    expect((await stui(home, 'session', 'diff', name, 'demo', '--json')).json.a).toMatchObject({ session: id, name });
  });
});

describe('a verification', () => {
  it('of a session finds all as it was, also when its inputs run again', async () => {
    const { home } = await homeAtWork();
    const { code, json } = await stui(home, 'session', 'verify', '--replay', '--json');
    expect({ code, verified: json.verified, replay: json.replay }).toEqual({
      code: 0,
      verified: true,
      replay: { inputs: 2, same: 2, differing: [], skipped: [] },
    });
  });

  it('ends with 4 when only the results differ, and lists them', async () => {
    const { home } = await homeAtWork();
    await stui(home, 'eval', 'Date now milliseconds');
    const { code, stdout } = await stui(home, 'session', 'verify', '--replay');
    const { json } = await stui(home, 'session', 'verify', '--replay', '--json');
    const { recorded, replayed } = json.replay.differing[0];
    expect({ code, damage: json.damage }).toEqual({ code: 4, damage: null });
    expect(stdout).toContain(`recorded: ${recorded}`);
    expect(recorded).not.toBe(replayed);
  });

  it('of an archive takes no backend, unless its inputs are to run again', async () => {
    const { home } = await homeAtWork();
    const file = join(temporaryDirectory(), 'demo.stui.jsonl.gz');
    await stui(home, 'session', 'export', '-o', file);
    const elsewhere = temporaryHome();
    const { code, json } = await stui(elsewhere, 'session', 'verify', file, '--no-autostart', '--json');
    expect({ code, verified: json.verified, file: json.file }).toEqual({ code: 0, verified: true, file });
    expect((await stui(elsewhere, 'session', 'verify', file, '--replay', '--no-autostart')).code).toBe(5);
    const replayed = await stui(elsewhere, 'session', 'verify', file, '--replay', '--json');
    expect({ code: replayed.code, same: replayed.json.replay.same }).toEqual({ code: 0, same: 2 });
  });

  it('of a damaged archive ends with 8, and tells its last good revision', async () => {
    const { home, first } = await homeAtWork();
    const file = join(temporaryDirectory(), 'demo.stui.jsonl.gz');
    await stui(home, 'session', 'export', '-o', file);
    const lines = gunzipSync(readFileSync(file)).toString().split('\n');
    lines[first + 1] = (lines[first + 1] as string).replace('"type"', '"tyqe"');
    writeFileSync(file, lines.join('\n'));
    const { code, json } = await stui(home, 'session', 'verify', file, '--json');
    expect({ code, verified: json.verified, lastGood: json.lastGood, name: json.name }).toEqual({
      code: 8,
      verified: false,
      lastGood: first,
      name: 'demo',
    });
  });
});

/**
 * Two homes with one session, in which `change` was done differently.
 * @returns the second, and an archive of the first
 */
async function apart(change: (value: string) => readonly string[]): Promise<{ there: string; file: string }> {
  const { home } = await homeAtWork();
  const there = temporaryHome();
  const file = join(temporaryDirectory(), 'demo.stui.jsonl.gz');
  await stui(home, 'session', 'export', '-o', file);
  await stui(there, 'session', 'import', file);
  await stui(there, 'session', 'use', 'demo');
  expect((await stui(home, ...change('10'))).code).toBe(0);
  expect((await stui(there, ...change('20'))).code).toBe(0);
  await stui(home, 'session', 'export', '-o', file);
  return { there, file };
}

describe('an archive of another history', () => {
  it('imported with --fork is kept beside the session, and the two can be compared', async () => {
    const { there, file } = await apart((value) => ['eval', `x := ${value}`]);
    const refused = await stui(there, 'session', 'import', file, '--json');
    expect({ code: refused.code, hint: refused.json.error.hint }).toEqual({
      code: 4,
      hint: expect.stringContaining('--fork'),
    });
    const { code, json } = await stui(there, 'session', 'import', file, '--fork', '--json');
    expect({ code, imported: json.imported, conflicts: json.conflicts }).toEqual({
      code: 0,
      imported: 'forked',
      conflicts: [],
    });
    const { bindings } = (await stui(there, 'session', 'diff', 'demo', json.session.id, '--json')).json;
    expect(bindings).toEqual([{ name: 'x', change: 'changed', a: '20', b: '10' }]);
  });

  it('whose context cannot be merged ends with 4, and its conflicts wait for a decision', async () => {
    const { there, file } = await apart((value) => ['workspace', 'set', 'preferences.width', value]);
    const { code, stdout } = await stui(there, 'session', 'import', file, '--fork');
    expect(code).toBe(4);
    expect(stdout).toMatch(/conflict \w{8}: preferences\.width\n1 change could not be merged/);
    expect((await stui(there, 'session', 'list')).stdout).toContain('1 conflict');
    const { conflicts } = (await stui(there, 'session', 'conflicts', 'demo', '--json')).json;
    expect(conflicts).toMatchObject([{ path: ['preferences', 'width'], ours: 20, theirs: 10 }]);
  });
});

it('an engine that was killed comes back as planned', async () => {
  const { home } = await homeAtWork();
  await stui(home, 'eval', 'block := [3]');
  await killEngines(home);
  const { json } = await stui(home, 'session', 'restore', '--json');
  expect(json).toMatchObject({ lost: ['block'], differences: [] });
});
