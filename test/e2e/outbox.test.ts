/** Evaluations accepted while no backend can be reached. */
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Outbox } from '../../src/local/outbox.js';
import { childrenOf, killAtOnce } from './processes.js';
import { backendPid, type Json, printed, startStui, stui, stuiWith, temporaryHome } from './stui.js';
import { until } from './until.js';

/** @returns a home whose session knows n = 0 and whose backend is stopped */
async function offlineHome(): Promise<string> {
  const home = temporaryHome();
  await stui(home, 'session', 'create', 'demo');
  await stui(home, 'eval', 'n := 0');
  await stui(home, 'backend', 'stop');
  return home;
}

const offline = (home: string, code: string, ...flags: string[]) =>
  stui(home, 'eval', code, '--no-autostart', '--json', ...flags);

const waiting = async (home: string): Promise<string[]> =>
  (await stui(home, 'outbox', 'list', '--json')).json.entries.map(({ key }: Json) => key);

const codes = async (home: string): Promise<string[]> =>
  (await stui(home, 'history', '--json')).json.evaluations.map(({ code }: Json) => code);

describe('an evaluation without a backend', () => {
  it('is kept with 10, and the next evaluation delivers it first, once', async () => {
    const home = await offlineHome();
    for (const key of ['a', 'b']) {
      const { code, json } = await offline(home, `n := n + 1. '${key}'`, '--key', key);
      expect({ code, key: json.key, outcome: json.outcome }).toEqual({ code: 10, key, outcome: 'queued' });
    }
    expect(await waiting(home)).toEqual(['a', 'b']);
    const { code, json } = await stui(home, 'eval', 'n', '--json');
    expect({ code, printString: json.printString }).toEqual({ code: 0, printString: '2' });
    expect(json.delivered).toEqual([
      expect.objectContaining({ key: 'a', outcome: 'accepted' }),
      expect.objectContaining({ key: 'b', outcome: 'accepted' }),
    ]);
    expect(await waiting(home)).toEqual([]);
    expect(await codes(home)).toEqual(['n := 0', "n := n + 1. 'a'", "n := n + 1. 'b'", 'n']);
    expect((await stui(home, 'result', 'a')).stdout).toBe("'a'\n");
  });

  it('is delivered by a flush, which says so', async () => {
    const home = await offlineHome();
    await offline(home, 'n := n + 1', '--key', 'a');
    expect((await stui(home, 'outbox', 'flush', '--no-autostart')).code).toBe(5);
    const { code, json } = await stui(home, 'outbox', 'flush', '--json');
    expect({ code, delivered: json.delivered.length, left: json.left }).toEqual({ code: 0, delivered: 1, left: 0 });
    expect(await printed(home, 'n')).toBe('1');
  });

  it('fails with 5 and is not kept where CI is set, or where it is asked to fail', async () => {
    const home = await offlineHome();
    const env = { CI: 'true' };
    expect((await stuiWith(home, { env }, 'eval', '3', '--no-autostart')).code).toBe(5);
    expect((await offline(home, '3', '--offline', 'fail')).code).toBe(5);
    expect(await waiting(home)).toEqual([]);
    expect((await stuiWith(home, { env }, 'eval', '3', '--no-autostart', '--offline', 'queue')).code).toBe(10);
  });

  it('is dropped only when that is confirmed', async () => {
    const home = await offlineHome();
    await offline(home, 'n := 99', '--key', 'a');
    expect((await stui(home, 'outbox', 'drop', 'a')).code).toBe(2);
    expect(await waiting(home)).toEqual(['a']);
    expect((await stui(home, 'outbox', 'drop', 'a', '--yes')).code).toBe(0);
    expect(await printed(home, 'n')).toBe('0');
  });

  it('that the backend refuses stays in the outbox, is told with 4, and holds nothing up', async () => {
    const home = await offlineHome();
    await offline(home, '3', '--key', 'refused', '--session', 'no such session');
    await offline(home, 'n := n + 1', '--key', 'a');
    const { code, json } = await stui(home, 'outbox', 'flush', '--json');
    expect({ code, left: json.left }).toEqual({ code: 4, left: 1 });
    expect(json.delivered).toEqual([
      expect.objectContaining({
        key: 'refused',
        outcome: 'refused',
        reason: expect.stringContaining('no such session'),
      }),
      expect.objectContaining({ key: 'a', outcome: 'accepted' }),
    ]);
    expect(await waiting(home)).toEqual(['refused']);
  });

  it('by twenty commands at once is kept twenty times, and each counts once', async () => {
    const home = await offlineHome();
    const endings = await Promise.all(Array.from({ length: 20 }, () => offline(home, 'n := n + 1')));
    expect(endings.map(({ code }) => code)).toEqual(Array(20).fill(10));
    await Promise.all(Array.from({ length: 5 }, () => stui(home, 'outbox', 'flush')));
    await until('all to be delivered', async () => (await stui(home, 'outbox', 'flush', '--json')).json.left === 0);
    expect(await printed(home, 'n')).toBe('20');
  });
});

describe('an entry for a connection that is removed', () => {
  it('stays, is told of, and goes to no other endpoint that gets the name', async () => {
    const home = temporaryHome();
    const endpoint = 'tcp://127.0.0.1:1';
    await stui(home, 'connection', 'add', 'lab', endpoint);
    const outbox = new Outbox({ data: join(home, 'data') }, { warn: () => {} });
    const order = { key: 'k', connection: 'lab', endpoint, session: 'main', code: '3', timeoutMs: 1, client: 'c' };
    outbox.release(outbox.accept(order).entry);
    const removed = await stui(home, 'connection', 'remove', 'lab');
    expect(removed).toMatchObject({ code: 0, stderr: expect.stringContaining(endpoint) });
    await stui(home, 'connection', 'add', 'lab', 'tcp://127.0.0.1:2');
    const { code, json } = await stui(home, 'outbox', 'flush', '--connection', 'lab', '--json');
    expect({ code, ...json }).toMatchObject({ code: 0, delivered: [], left: 0, elsewhere: 1 });
    expect(await waiting(home)).toEqual(['k']);
  });
});

describe('a command that is killed', () => {
  it('before the backend has its evaluation leaves it to the next command', async () => {
    const home = await offlineHome();
    await stui(home, 'backend', 'start', '--detach');
    const pid = backendPid(home);
    process.kill(pid, 'SIGSTOP');
    const evaluation = startStui(home, {}, 'eval', 'n := n + 1', '--key', 'orphan');
    await until('the evaluation to be kept', async () => (await waiting(home)).includes('orphan'));
    evaluation.child.kill('SIGKILL');
    await evaluation.ended;
    await killAtOnce([pid, ...childrenOf(pid)]);
    expect((await stui(home, 'eval', 'n')).stdout).toBe('1\n');
    expect((await stui(home, 'result', 'orphan')).stdout).toBe('1\n');
  });
});

describe('an evaluation whose outcome is unknown', () => {
  it('runs again, as a new one, when that is asked for', async () => {
    const home = temporaryHome();
    await stui(home, 'session', 'create', 'demo');
    await stui(home, 'eval', 'n := 0');
    const code = '| end | n := n + 1. end := Date now time + 1500. [Date now time < end] whileTrue. n';
    const evaluation = startStui(home, {}, 'eval', code, '--key', 'lost');
    await until(
      'the evaluation to run',
      async () => (await stui(home, 'status', '--json')).json.session.engineState === 'busy',
    );
    await killAtOnce(childrenOf(backendPid(home)));
    expect((await evaluation.ended).code).toBe(11);
    expect((await stui(home, 'eval', '--rerun', 'lost')).stdout).toBe('1\n');
    expect((await stui(home, 'result', 'lost')).code).toBe(11);
  });
});
