/** The private backend as a process: started once, by whoever comes first, found again, stopped in order. */
import { chmodSync, chownSync, cpSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { childrenOf, killAtOnce, processesNaming, whenGone } from './processes.js';
import {
  backendPid,
  backendRecord,
  DIST,
  type Json,
  printed,
  RunningCommand,
  startStui,
  stui,
  stuiWith,
  temporaryDirectory,
  temporaryHome,
} from './stui.js';
import { until } from './until.js';

/** Only root can make something somebody else's. */
const itAsRoot = process.getuid?.() === 0 ? it : it.skip;

describe('twenty commands at once in a fresh home', () => {
  it('start exactly one backend, and all of them succeed', async () => {
    const home = temporaryHome();
    rmSync(join(home, 'cache'), { recursive: true });
    const names = Array.from({ length: 20 }, (_, index) => `session-of-${index}`);
    const endings = await Promise.all(names.map((name) => stui(home, 'session', 'create', name, '--json')));
    expect(endings.map(({ code, stderr }) => ({ code, stderr }))).toEqual(names.map(() => ({ code: 0, stderr: '' })));
    const { json } = await stui(home, 'session', 'list', '--json');
    expect(json.sessions.map(({ name }: Json) => name).sort()).toEqual([...names].sort());
    expect(processesNaming(join(home, 'data', 'backend'))).toEqual([backendPid(home)]);
  });
});

describe('a backend', () => {
  it('outlives the command that started it and serves the next', async () => {
    const home = temporaryHome();
    await stui(home, 'session', 'create', 'demo');
    const pid = backendPid(home);
    await stui(home, 'eval', 'x := 3');
    expect(backendPid(home)).toBe(pid);
    expect((await stui(home, 'backend', 'status', '--json')).json).toMatchObject({ pid, sessions: 1, engines: 1 });
  });

  it('is started anew when it was killed, and its sessions are there', async () => {
    const home = temporaryHome();
    await stui(home, 'session', 'create', 'demo');
    await stui(home, 'eval', 'x := 3');
    const pid = backendPid(home);
    await killAtOnce([pid]);
    expect(await printed(home, 'x')).toBe('3');
    expect(backendPid(home)).not.toBe(pid);
  });

  it('that is stopped takes its engines with it, leaves no record, and can be stopped again', async () => {
    const home = temporaryHome();
    await stui(home, 'session', 'create', 'demo');
    await stui(home, 'eval', 'x := 3');
    const pid = backendPid(home);
    const engines = childrenOf(pid);
    expect(engines.length).toBeGreaterThan(0);
    expect((await stui(home, 'backend', 'stop', '--json')).json).toMatchObject({ stopped: true, pid });
    await whenGone([pid, ...engines]);
    expect(backendRecord(home)).toBeUndefined();
    expect(await stui(home, 'backend', 'stop')).toMatchObject({ code: 0, stdout: 'No backend runs here\n' });
  });

  it('that is killed takes its idle engines with it', async () => {
    const home = temporaryHome();
    await stui(home, 'session', 'create', 'demo');
    await stui(home, 'eval', 'x := 3');
    const pid = backendPid(home);
    const engines = childrenOf(pid);
    await killAtOnce([pid]);
    await whenGone(engines);
  });

  it('ends every engine that still evaluates when it is stopped, and says what became of the evaluation', async () => {
    const home = temporaryHome();
    await stui(home, 'session', 'create', 'demo');
    const evaluation = startStui(home, {}, 'eval', 'x := 7. [true] whileTrue', '--timeout', '2s', '--json');
    await until(
      'the evaluation to run',
      async () => (await stui(home, 'status', '--json')).json.session.engineState === 'busy',
    );
    expect((await stui(home, 'backend', 'stop')).code).toBe(0);
    expect((await evaluation.ended).json).toMatchObject({ outcome: 'interrupted' });
    expect(await printed(home, 'x')).toBe('7');
  });

  it('keeps everything for its owner only', async () => {
    const home = temporaryHome();
    await stui(home, 'session', 'create', 'demo');
    await stui(home, 'eval', 'x := 3');
    const mode = (...path: string[]) => (statSync(join(home, ...path)).mode & 0o777).toString(8);
    expect([mode('run'), mode('data'), mode('data', 'backend')]).toEqual(['700', '700', '700']);
    expect([mode('data', 'backend', 'journal.sqlite'), mode('data', 'backend', 'backend.json')]).toEqual([
      '600',
      '600',
    ]);
  });

  it('is found by several homes that are the same place under different names', async () => {
    const home = temporaryHome();
    const link = join(temporaryDirectory(), 'link');
    symlinkSync(home, link);
    await stui(home, 'session', 'create', 'demo');
    const ending = await stuiWith(home, { env: { STUI_HOME: `${link}/../link/.` } }, 'backend', 'status', '--json');
    expect({ code: ending.code, pid: ending.json.pid }).toEqual({ code: 0, pid: backendPid(home) });
  });

  it('in the foreground ends with the command that runs it, on SIGTERM and on SIGKILL', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const home = temporaryHome();
      const backend = startStui(home, {}, 'backend', 'start', '--json');
      await backend.prints('}');
      const { pid } = JSON.parse(backend.stdout);
      expect((await stui(home, 'session', 'create', 'demo', '--no-autostart')).code).toBe(0);
      backend.child.kill(signal);
      await backend.ended;
      await whenGone([pid]);
      expect(backendRecord(home)).toBeUndefined();
    }
  });

  it('on an endpoint of its own has data of its own, and connections lead to it', async () => {
    const home = temporaryHome();
    const endpoint = `ipc://${join(home, 'lab.sock')}`;
    const started = (await stui(home, 'backend', 'start', '--detach', '--endpoint', endpoint, '--json')).json;
    await stui(home, 'connection', 'add', 'lab', endpoint);
    expect((await stui(home, 'session', 'create', 'there', '-c', 'lab')).code).toBe(0);
    expect((await stui(home, 'session', 'list', '--json')).json.sessions).toEqual([]);
    const env = { STUI_CONNECTION: 'lab' };
    expect((await stuiWith(home, { env }, 'eval', '3 + 4')).stdout).toBe('7\n');
    await stui(home, 'backend', 'stop');
    expect((await stui(home, 'backend', 'stop')).stdout).toContain(`stui backend stop --endpoint ${endpoint}`);
    const stopped = await stui(home, 'backend', 'stop', '--endpoint', endpoint, '--json');
    expect(stopped.json).toMatchObject({ stopped: true, pid: started.pid });
    await whenGone([started.pid]);
  });
});

describe('a home', () => {
  it('may have a path longer than a socket may have', async () => {
    const home = join(temporaryHome(), ...Array.from({ length: 8 }, () => 'directory-with-a-long-name'));
    mkdirSync(home, { recursive: true });
    expect((await stui(home, 'session', 'create', 'demo')).code).toBe(0);
    expect(await printed(home, '3 + 4')).toBe('7');
    const { endpoint } = backendRecord(home) as Json;
    await stui(home, 'backend', 'stop');
    rmSync(join(endpoint.replace('ipc://', ''), '..'), { recursive: true });
  });

  it('with a link where its sockets go is refused with 7', async () => {
    const home = temporaryHome();
    symlinkSync(temporaryDirectory(), join(home, 'run'));
    const { code, json } = await stui(home, 'session', 'create', 'demo', '--json');
    expect({ code, error: json.error.code }).toEqual({ code: 7, error: 'unsafe-path' });
  });

  it('whose place for sockets was open to others is closed to them before it is used', async () => {
    const home = temporaryHome();
    mkdirSync(join(home, 'run'));
    chmodSync(join(home, 'run'), 0o777);
    expect((await stui(home, 'session', 'create', 'demo')).code).toBe(0);
    expect(statSync(join(home, 'run')).mode & 0o777).toBe(0o700);
  });

  itAsRoot("with somebody else's place for sockets is refused with 7", async () => {
    const home = temporaryHome();
    mkdirSync(join(home, 'run'));
    chownSync(join(home, 'run'), 65_534, 65_534);
    const { code, json } = await stui(home, 'session', 'create', 'demo', '--json');
    expect({ code, error: json.error.code }).toEqual({ code: 7, error: 'unsafe-path' });
  });

  it('with something else in the place of its journal is refused, and that is left as it is', async () => {
    const home = temporaryHome();
    mkdirSync(join(home, 'data', 'backend'), { recursive: true, mode: 0o700 });
    const file = join(home, 'data', 'backend', 'journal.sqlite');
    writeFileSync(file, 'Dear Smalltalker, this is no journal at all.');
    const { code, stderr } = await stui(home, 'session', 'create', 'demo');
    expect(code).not.toBe(0);
    expect(stderr).toContain('is not a stui journal and was left as it is');
    expect(statSync(file).size).toBe(44);
  });
});

describe('an installation without its engine', () => {
  it('ends evaluations with 12, says why, and keeps serving everything else', async () => {
    const home = temporaryHome();
    const installation = temporaryDirectory();
    for (const part of ['bin', 'package.json']) cpSync(part, join(installation, part), { recursive: true });
    cpSync(DIST, join(installation, 'dist'), { recursive: true });
    symlinkSync(resolve('node_modules'), join(installation, 'node_modules'));
    rmSync(join(installation, 'dist', 'engine', 'embedded.cjs'));
    const run = (...args: string[]) =>
      new RunningCommand(home, {}, process.execPath, [join(installation, 'bin', 'stui.cjs'), ...args]).ended;
    expect((await run('session', 'create', 'demo')).code).toBe(0);
    const { code, json } = await run('eval', '3 + 4', '--json');
    expect({ code, outcome: json.outcome, class: json.error.class }).toEqual({
      code: 12,
      outcome: 'error',
      class: 'EngineUnavailable',
    });
    expect((await run('session', 'label', 'demo', 'still=here')).code).toBe(0);
    expect((await run('session', 'restore', '--json')).code).toBe(12);
  });
});
