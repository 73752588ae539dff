/** Sessions of several clients of one backend: who sees them, who stays with them, and which of them can go. */
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { backendRecord, type Json, startStui, stui, temporaryHome } from './stui.js';
import { until } from './until.js';

interface Office {
  /** The home whose private backend it is; it owns the session "demo". */
  readonly owner: string;
  /** Another client of that backend. */
  readonly guest: string;
  readonly guestId: string;
}

async function office(): Promise<Office> {
  const owner = temporaryHome();
  await stui(owner, 'session', 'create', 'demo');
  await stui(owner, 'eval', 'x := 3');
  const guest = temporaryHome();
  const endpoint = backendRecord(owner)?.endpoint ?? '';
  await stui(guest, 'connection', 'add', 'office', endpoint);
  await stui(guest, 'connection', 'use', 'office');
  const { owner: guestId } = (await stui(guest, 'session', 'create', 'own', '--json')).json;
  return { owner, guest, guestId };
}

const clients = async (home: string, session = 'demo'): Promise<Json[]> =>
  (await stui(home, 'session', 'clients', session, '--json')).json.clients;

describe('a session', () => {
  it("is not another client's, until it is shared with it, and not after that is taken back", async () => {
    const { owner, guest, guestId } = await office();
    expect((await stui(guest, 'eval', 'x', '-s', 'demo')).code).toBe(3);
    expect((await stui(owner, 'session', 'share', 'demo', '--with', guestId, '--json')).json.shared).toEqual([guestId]);
    expect(await stui(guest, 'eval', 'x + 1', '-s', 'demo')).toMatchObject({ code: 0, stdout: '4\n' });
    expect((await stui(guest, 'session', 'list')).stdout).toContain('shared with 1 client');
    expect((await stui(owner, 'session', 'unshare', 'demo', '--with', guestId, '--json')).json.shared).toEqual([]);
    expect((await stui(guest, 'eval', 'x', '-s', 'demo')).code).toBe(3);
    expect((await stui(owner, 'eval', 'x')).code).toBe(0);
  });

  it('can be shared with all clients', async () => {
    const { owner, guest } = await office();
    const { stdout } = await stui(owner, 'session', 'share', 'demo');
    expect(stdout).toBe('demo is shared with all clients of the backend\n');
    expect((await stui(guest, 'session', 'show', 'demo', '--json')).json.shared).toBeNull();
    expect((await stui(owner, 'session', 'unshare', 'demo')).stdout).toBe('demo is not shared; its owner has it\n');
    expect((await stui(guest, 'session', 'show', 'demo')).code).toBe(3);
  });

  it('is shared only where it is said to be at that revision', async () => {
    const { owner } = await office();
    for (const command of ['share', 'unshare']) {
      const { code, json } = await stui(owner, 'session', command, 'demo', '--if-revision', '1', '--json');
      expect({ code, error: json.error.code }).toEqual({ code: 4, error: 'revision-conflict' });
    }
  });

  it('names the clients that work in it', async () => {
    const { owner, guest, guestId } = await office();
    await stui(owner, 'session', 'share', 'demo');
    await stui(guest, 'eval', '1', '-s', 'demo');
    await stui(guest, 'eval', '2', '-s', 'demo');
    const found = await clients(owner);
    expect(found).toEqual([
      expect.objectContaining({ client: guestId, owner: false, evaluations: 2 }),
      expect.objectContaining({ owner: true, evaluations: 1 }),
    ]);
    const { stdout } = await stui(owner, 'session', 'clients', 'demo');
    expect(stdout).toContain(guestId);
    expect(stdout).toContain('owner');
  });
});

describe('presence', () => {
  it.each([
    ['log --follow', ['log', 'demo', '--follow'], 130],
    ['watch', ['watch', '--session', 'demo'], 130],
  ] as const)('of %s begins with it and ends with it', async (_, args, code) => {
    const { owner } = await office();
    const command = startStui(owner, {}, ...args);
    await until('the client to be there', async () => (await clients(owner))[0].connected);
    command.child.kill('SIGINT');
    const startedAt = performance.now();
    expect((await command.ended).code).toBe(code);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect((await clients(owner))[0].connected).toBe(false);
  });

  it('of a watch that is told to end is over with it', async () => {
    const { owner } = await office();
    const watch = startStui(owner, {}, 'watch', '--json');
    await until('the client to be there', async () => (await clients(owner))[0].connected);
    watch.child.kill('SIGTERM');
    expect((await watch.ended).code).toBe(0);
    expect((await clients(owner))[0].connected).toBe(false);
  });

  it('of a look, and of a log that only reads, is none', async () => {
    const { owner } = await office();
    await stui(owner, 'watch', '--once');
    await stui(owner, 'log', 'demo');
    expect((await clients(owner))[0]).toMatchObject({ connected: false, connectedMs: 0 });
  });

  it('tells which outages a client came through', async () => {
    const { owner } = await office();
    const watch = startStui(owner, {}, 'watch', '--session', 'demo', '--json');
    await until('the client to be there', async () => (await clients(owner))[0].connected);
    await stui(owner, 'backend', 'stop');
    await watch.prints('"to":"lost"');
    await stui(owner, 'backend', 'start', '--detach');
    await watch.prints('"type":"outage"');
    await until('the client to be back', async () => (await clients(owner))[0].connected);
    watch.child.kill('SIGTERM');
    await watch.ended;
    const { statistics } = (await stui(owner, 'session', 'show', 'demo', '--stats', '--json')).json;
    expect(statistics).toMatchObject({ linkOutages: 1, evaluations: 1 });
    expect(statistics.linkOutageMs).toBeGreaterThan(0);
  });
});

describe('statistics', () => {
  it('count what happened in a session, and in all of a client', async () => {
    const { owner, guest } = await office();
    await stui(owner, 'eval', '1 / 0');
    const one = (await stui(owner, 'session', 'show', '--stats', '--json')).json;
    expect(one).toMatchObject({ name: 'demo', statistics: { evaluations: 2, outcomes: { value: 1, error: 1 } } });
    await stui(owner, 'session', 'create', 'second');
    await stui(owner, 'eval', '3');
    const all = (await stui(owner, 'stats', '--json')).json;
    expect(all).toMatchObject({ sessions: 2, open: 2, statistics: { evaluations: 3 } });
    expect((await stui(guest, 'stats', '--json')).json).toMatchObject({ sessions: 1, statistics: { evaluations: 0 } });
    expect((await stui(owner, 'session', 'show', 'demo', '--stats')).stdout).toMatch(/evaluations +2 \(.*error 1.*\)/);
  });

  it('are null where only what was last seen can be shown', async () => {
    const { owner } = await office();
    await stui(owner, 'session', 'show');
    await stui(owner, 'backend', 'stop');
    const { code, json } = await stui(owner, 'session', 'show', '--stats', '--no-autostart', '--json');
    expect({ code, stale: json.stale, statistics: json.statistics }).toEqual({
      code: 0,
      stale: true,
      statistics: null,
    });
  });
});

describe('pruning', () => {
  it('removes what its criteria say, of the client only, after saying so', async () => {
    const { owner, guest } = await office();
    await stui(owner, 'session', 'create', 'old');
    await stui(owner, 'session', 'close');
    await stui(guest, 'session', 'close', 'own');
    const prune = async (...flags: string[]): Promise<Json> =>
      (await stui(owner, 'session', 'prune', '--older-than', '1ms', ...flags, '--json')).json;
    const names = ({ sessions }: Json) => sessions.map(({ name }: Json) => name);
    const would = await prune('--dry-run');
    expect([names(would), would.removed]).toEqual([['old'], false]);
    const refused = await prune();
    expect(refused.error).toMatchObject({ exitCode: 2, message: expect.stringContaining('for good: old') });
    const done = await prune('--yes');
    expect([names(done), done.removed]).toEqual([['old'], true]);
    expect(names(await prune())).toEqual([]);
    expect(names((await stui(owner, 'session', 'list', '--json')).json)).toEqual(['demo']);
    expect((await stui(owner, 'session', 'current')).code).toBe(3);
  });

  it('takes sessions that their time to live has closed', async () => {
    const home = temporaryHome();
    await stui(home, 'session', 'create', 'brief', '--ttl', '200ms');
    await until('the session to expire', async () => {
      return (await stui(home, 'session', 'show', 'brief', '--json')).json.state === 'closed';
    });
    const { stdout } = await stui(home, 'session', 'prune', '--expired');
    expect(stdout).toContain('brief');
    expect(stdout).toContain('Removed for good: 1 session');
  });

  it('without a criterion is refused with 2', async () => {
    const { code, json } = await stui(temporaryHome(), 'session', 'prune', '--dry-run', '--json');
    expect({ code, error: json.error.code }).toEqual({ code: 2, error: 'bad-usage' });
  });
});

describe('limits of a backend', () => {
  it('hold for each client', async () => {
    const home = temporaryHome();
    const endpoint = `ipc://${join(home, 'lab.sock')}`;
    const limits = ['--max-sessions', '1', '--max-bytes', '1GB', '--max-evaluations-per-second', '1'];
    const started = await stui(home, 'backend', 'start', '--detach', '--endpoint', endpoint, ...limits);
    expect(started.code).toBe(0);
    await stui(home, 'connection', 'add', 'lab', endpoint);
    await stui(home, 'connection', 'use', 'lab');
    expect((await stui(home, 'session', 'create', 'one')).code).toBe(0);
    const { code, json } = await stui(home, 'session', 'create', 'two', '--json');
    expect({ code, error: json.error.code }).toEqual({ code: 7, error: 'limit-exceeded' });
  });

  it('that are none are refused with 2', async () => {
    const home = temporaryHome();
    for (const limit of [
      ['--max-sessions', '0'],
      ['--max-bytes', 'plenty'],
      ['--max-bytes', '0'],
    ]) {
      expect((await stui(home, 'backend', 'start', '--detach', ...limit)).code).toBe(2);
    }
  });
});
