/** Jobs that run side by side in one home, as make and CI machines run them. */
import { describe, expect, it } from '@jest/globals';
import { type Json, shell, stui, stuiWith, temporaryHome } from './stui.js';

const JOBS = [1, 2, 3, 4, 5, 6, 7, 8];

async function sessions(home: string): Promise<Json[]> {
  return (await stui(home, 'session', 'list', '--json')).json.sessions;
}

describe('jobs side by side', () => {
  it('that create their sessions by eight names work in eight sessions, and by one name in one', async () => {
    const home = temporaryHome();
    const run = async (name: (job: number) => string) => {
      const commands = JOBS.map((job) => stui(home, 'eval', '--create', name(job), `job${job} := ${job}`, '--json'));
      return (await Promise.all(commands)).map(({ code, json }) => [code, json.session]);
    };
    const own = await run((job) => `job-${job}`);
    expect(own.map(([code]) => code)).toEqual(JOBS.map(() => 0));
    expect(new Set(own.map(([, session]) => session)).size).toBe(JOBS.length);
    const shared = await run(() => 'shared');
    expect(new Set(shared.map(([, session]) => session)).size).toBe(1);
    const all = await sessions(home);
    expect(all).toHaveLength(JOBS.length + 1);
    expect(all.find(({ name }) => name === 'shared')).toMatchObject({
      evaluations: JOBS.length,
      bindings: JOBS.length,
    });
    expect((await stui(home, 'session', 'current')).code).toBe(3);
  });

  it('in terminals of their own have current sessions of their own', async () => {
    const home = temporaryHome();
    // Each shell leads a session of processes, as that of a terminal does.
    const job = (name: string) => shell(home, `$STUI session create ${name} >/dev/null && $STUI session current; true`);
    const endings = await Promise.all(JOBS.map((number) => job(`job-${number}`)));
    expect(endings.map(({ stdout }) => stdout)).toEqual(JOBS.map((number) => `job-${number}\n`));
  });

  it('in one terminal are told when another has changed the current session', async () => {
    const home = temporaryHome();
    const { stderr } = await shell(
      home,
      "$STUI session create a >/dev/null; sh -c '$STUI session create b; :' >/dev/null; $STUI eval 3",
    );
    expect(stderr).toMatch(/^stui: the current session is b now, .* after a was chosen here/);
  });
});

describe('where CI is set', () => {
  it('what makes or restores a session leaves the current one alone, and "session use" does not', async () => {
    const home = temporaryHome();
    const ci = (...args: string[]) => stuiWith(home, { env: { CI: 'true' } }, 'session', ...args);
    const current = async () => (await stui(home, 'session', 'current')).stdout.trim();
    await stui(home, 'session', 'create', 'mine');
    expect((await ci('create', 'build', '--json')).json.current).toBe(false);
    expect((await ci('fork', 'build', 'fork', '--json')).json.current).toBe(false);
    await ci('restore', 'build');
    expect(await current()).toBe('mine');
    expect((await ci('use', 'build', '--json')).json.current).toBe(true);
    expect(await current()).toBe('build');
  });
});
