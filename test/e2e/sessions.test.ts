/** Sessions from their creation to their removal. */
import { describe, expect, it } from '@jest/globals';
import { childrenOf, killAtOnce } from './processes.js';
import { backendPid, type Json, printed, stui, stuiWith, temporaryHome } from './stui.js';
import { until } from './until.js';

async function homeWithSession(name = 'demo', ...flags: string[]): Promise<string> {
  const home = temporaryHome();
  const { code, stderr } = await stui(home, 'session', 'create', name, ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return home;
}

const show = async (home: string, ...args: string[]): Promise<Json> =>
  (await stui(home, 'session', 'show', '--json', ...args)).json;

const names = async (home: string, ...flags: string[]): Promise<string[]> =>
  (await stui(home, 'session', 'list', '--json', ...flags)).json.sessions.map(({ name }: Json) => name).sort();

/** Ends the engines of a home, so that the next evaluation has to restore. */
async function killEngines(home: string): Promise<void> {
  await killAtOnce(childrenOf(backendPid(home)));
  await until('the backend to notice', async () => (await show(home)).engineState === 'none');
}

describe('a name', () => {
  it.each(['with spaces', 'Grüße/世界', 'team/project@branch:1+2', 'n'.repeat(100)])(
    'may have letters of any script, spaces and the usual marks: %s',
    async (name) => {
      const home = await homeWithSession(name);
      expect((await show(home, name)).name).toBe(name);
      expect((await stui(home, 'eval', '3', '-s', name)).code).toBe(0);
      expect((await stui(home, 'session', 'list')).code).toBe(0);
    },
  );

  it.each(['🚀 launch', 'a\u001bb', 'tab\there', '-dash', "quote'"])(
    'that a terminal or a file system could mind is refused, and nothing is created: %j',
    async (name) => {
      const home = await homeWithSession('demo');
      const { code, stderr } = await stui(home, 'session', 'create', '--', name);
      expect(code).toBe(2);
      expect(stderr).not.toContain('\u001b');
      expect(await names(home)).toEqual(['demo']);
    },
  );

  it('is made up when none is given, and never the same again', async () => {
    const home = temporaryHome();
    const first = (await stui(home, 'session', 'create', '--json')).json.name;
    await stui(home, 'session', 'close');
    const second = (await stui(home, 'session', 'create', '--json')).json.name;
    expect([first, second]).toEqual(['session-1', 'session-2']);
  });

  it('is free again when its session is closed, and stands for the open one', async () => {
    const home = await homeWithSession('build');
    const first = (await show(home)).id;
    await stui(home, 'session', 'close', 'build');
    const second = (await stui(home, 'session', 'create', 'build', '--json')).json.id;
    expect((await show(home, 'build')).id).toBe(second);
    const { code, json } = await stui(home, 'session', 'restore', first, '--json');
    expect({ code, error: json.error.code }).toEqual({ code: 4, error: 'name-taken' });
  });
});

describe('labels', () => {
  it('are set, changed and removed, and find sessions', async () => {
    const home = await homeWithSession('a', '--label', 'branch=main', '--label', 'n=1');
    await stui(home, 'session', 'create', 'b', '--label', 'branch=main');
    const { json } = await stui(home, 'session', 'label', 'a', 'n=2', 'path=x=y', 'branch-', '--json');
    expect(json.labels).toEqual({ n: '2', path: 'x=y' });
    expect(await names(home, '--label', 'branch=main')).toEqual(['b']);
    expect(await names(home, '--label', 'n=2', '--label', 'path=x=y')).toEqual(['a']);
  });
});

describe('a restore', () => {
  it('with --plan says what would come back and changes nothing', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', 'x := 5. block := [3]');
    await killEngines(home);
    const before = await show(home);
    const plan = (await stui(home, 'session', 'restore', '--plan', '--json')).json;
    expect(plan).toMatchObject({ plan: true, revision: before.revision, lost: ['block'] });
    expect(plan.bindings).toEqual([
      { name: 'block', fidelity: 'lost', reason: expect.any(String) },
      { name: 'x', fidelity: 'snapshot', reason: expect.any(String) },
    ]);
    const after = await show(home);
    expect({ ...after, asOf: '' }).toEqual({ ...before, asOf: '' });
    expect(after.engineState).toBe('none');
  });

  it('does what its plan said', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', 'x := OrderedCollection new. x add: 1. block := [3]');
    await killEngines(home);
    const plan = (await stui(home, 'session', 'restore', '--plan', '--json')).json;
    const done = (await stui(home, 'session', 'restore', '--json')).json;
    expect(done).toMatchObject({ plan: false, bindings: plan.bindings, lost: plan.lost, replayed: [] });
    expect(await printed(home, 'x add: 2. x size')).toBe('2');
  });

  it('that an evaluation makes necessary names what is lost, on stderr', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', 'x := 5. block := [3]');
    await killEngines(home);
    const { code, stdout, stderr } = await stui(home, 'eval', 'x + 1');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '6\n' });
    const [remark, lost, ...rest] = stderr.trimEnd().split('\n');
    expect(remark).toBe('stui: no engine was running; restored 1 binding from the journal');
    expect(lost).toMatch(/^stui: lost block: ./);
    expect(rest).toEqual([]);
  });

  it('with --replay would run what no snapshot covers again, and its plan says so', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', 'x := 5');
    const evaluation = stui(home, 'eval', 'y := x + 1. [true] whileTrue');
    await until('the evaluation to run', async () => (await show(home)).engineState === 'busy');
    await killAtOnce(childrenOf(backendPid(home)));
    expect((await evaluation).code).toBe(11);
    const plan = (await stui(home, 'session', 'restore', '--plan', '--json')).json;
    expect(plan.notReplayed).toEqual([expect.objectContaining({ unknown: true })]);
    expect(plan.lost).toContain('y');
    const promised = (await stui(home, 'session', 'restore', '--replay', '--plan', '--json')).json;
    expect(promised.bindings).toContainEqual(expect.objectContaining({ name: 'y', fidelity: 'replayed' }));
  });

  it('reopens a closed session and makes it the current one', async () => {
    const home = await homeWithSession('old');
    await stui(home, 'eval', 'x := 5');
    await stui(home, 'session', 'close');
    await stui(home, 'session', 'create', 'new');
    expect((await stui(home, 'session', 'restore', 'old')).code).toBe(0);
    expect(await printed(home, 'x')).toBe('5');
    expect((await stui(home, 'session', 'current')).stdout).toBe('old\n');
  });

  it('brings a session back after the backend was killed', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', "d := Dictionary new. d at: 'k' put: #(1 2 3)");
    const pid = backendPid(home);
    await killAtOnce([pid, ...childrenOf(pid)]);
    const { json } = await stui(home, 'session', 'restore', '--json');
    expect(json.bindings).toEqual([{ name: 'd', fidelity: 'snapshot', reason: expect.any(String) }]);
    expect(await printed(home, "(d at: 'k') last")).toBe('3');
  });
});

describe('a session with a time to live', () => {
  it('is closed when nothing happened for so long, and can be restored', async () => {
    const home = await homeWithSession('brief', '--ttl', '300ms');
    await until('the session to expire', async () => (await show(home, 'brief')).state === 'closed');
    expect((await show(home, 'brief')).closedBecause).toBe('expired');
    const { code, stderr } = await stui(home, 'eval', '3', '-s', 'brief');
    expect(code).toBe(4);
    expect(stderr).toContain('Reopen it with "stui session restore"');
    expect((await stui(home, 'session', 'restore', 'brief')).code).toBe(0);
  });
});

describe('a save', () => {
  it('keeps values that are too big to be saved with their evaluation', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', 'big := (1 to: 60000) asArray. nil');
    const { code, json } = await stui(home, 'session', 'save', '--json');
    expect({ code, unsaved: json.unsaved }).toEqual({ code: 0, unsaved: [] });
    await killEngines(home);
    expect(await printed(home, 'big last')).toBe('60000');
  });
});

describe('a deletion', () => {
  it('removes the session from everywhere, and only that one', async () => {
    const home = await homeWithSession('keep');
    await stui(home, 'session', 'create', 'drop');
    expect((await stui(home, 'session', 'delete', 'drop', '--yes')).code).toBe(0);
    expect(await names(home)).toEqual(['keep']);
    expect((await stui(home, 'session', 'current')).code).toBe(3);
    await stui(home, 'backend', 'stop');
    expect(await names(home)).toEqual(['keep']);
  });

  it('of a session that is evaluating interrupts it', async () => {
    const home = await homeWithSession();
    const evaluation = stui(home, 'eval', '[true] whileTrue', '--json');
    await until('the evaluation to run', async () => (await show(home)).engineState === 'busy');
    expect((await stui(home, 'session', 'delete', 'demo', '--yes')).code).toBe(0);
    expect((await evaluation).code).toBe(6);
  });
});

describe('without a backend', () => {
  it('list and show tell what was last seen, marked as stale', async () => {
    const home = await homeWithSession('seen');
    const seen = await show(home);
    await stui(home, 'backend', 'stop');
    await stui(home, 'config', 'set', 'autostart', 'false');
    const list = await stui(home, 'session', 'list', '--json');
    expect({ code: list.code, stale: list.json.stale }).toEqual({ code: 0, stale: true });
    expect(list.json.sessions).toEqual([expect.objectContaining({ id: seen.id, name: 'seen' })]);
    expect(await show(home)).toMatchObject({ id: seen.id, stale: true });
    const text = await stui(home, 'session', 'show');
    expect(text.stdout).toContain('seen');
    expect(text.stderr).toMatch(/^stui: the backend cannot be reached; this is what was last seen/);
  });

  it('status says so, ends with 0, and starts none', async () => {
    const home = await homeWithSession('seen');
    await stui(home, 'backend', 'stop');
    const { code, json } = await stui(home, 'status', '--json');
    expect({ code, backend: json.backend, stale: json.stale, session: json.session.name }).toEqual({
      code: 0,
      backend: 'stopped',
      stale: true,
      session: 'seen',
    });
    expect((await stui(home, 'backend', 'status')).code).toBe(5);
    const format = ['status', '--format', '{session}@{connection} {backend}'];
    expect((await stuiWith(home, {}, ...format)).stdout).toBe('seen@local stopped\n');
  });
});
