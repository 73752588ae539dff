import { describe, expect, it } from '@jest/globals';
import { MIN_STAY_MS, PRESENCE_LEASE_MS } from '../../src/backend/settings.js';
import { MemoryGrants } from '../../src/backend/visibility.js';
import { archiveOf, backend, create, entriesOf, handlersOf, order, type Rig, run, successor } from './rig.js';

function presence(rig: Rig, id: string) {
  return entriesOf(rig, id).filter((entry) => entry.type === 'presence');
}

describe('a client that stays with a session', () => {
  it('is listed first, with the time it has stayed, and its stay is written when it leaves', async () => {
    const rig = backend();
    const handlers = handlersOf(rig);
    const host = await create(rig);
    await host.share(['guest'], 'tester');
    rig.clock.time += 1;
    await host.evaluate(order('x', 'other'));
    const attach = (outage_ms?: number) =>
      handlers.attach_client(
        { session_id: host.state.id, client_id: 'guest', ...(outage_ms === undefined ? {} : { outage_ms }) },
        () => {},
      );
    await attach();
    rig.clock.time += 5000;
    expect(await attach(700)).toMatchObject({ lease_ms: PRESENCE_LEASE_MS });
    expect(host.attendance.clients().map(({ client, connected, owner }) => [client, connected, owner])).toEqual([
      ['guest', true, false],
      ['other', false, false],
      ['tester', false, true],
    ]);
    expect(host.attendance.clients()[0]).toMatchObject({ connectedMs: 5000, entries: 0, firstAt: null });
    rig.clock.time += 1000;
    await handlers.detach_client({ session_id: host.state.id, client_id: 'guest' }, () => {});
    expect(presence(rig, host.state.id)).toEqual([
      expect.objectContaining({ client: 'guest', connectedMs: 6000, outages: 1, outageMs: 700 }),
    ]);
    expect(host.attendance.clients().find(({ client }) => client === 'guest')).toMatchObject({
      connected: false,
      connectedMs: 6000,
    });
  });

  it('leaves no entry for a moment, unless its link broke in it, and none when it leaves twice', async () => {
    const rig = backend();
    const host = await create(rig);
    host.attendance.attach('short');
    host.attendance.attach('broken', 10);
    rig.clock.time += MIN_STAY_MS - 1;
    for (const client of ['short', 'broken', 'broken', 'never']) await host.attendance.detach(client);
    expect(presence(rig, host.state.id).map(({ client }) => client)).toEqual(['broken']);
  });

  it('is gone when it is not heard of for a lease, as of when it was', async () => {
    const rig = backend();
    await rig.registry.start();
    const host = await create(rig);
    host.attendance.attach('guest');
    await rig.clock.pass(20_000);
    host.attendance.attach('guest');
    await rig.clock.pass(PRESENCE_LEASE_MS + 90_000);
    expect(host.attendance.clients()[0]).toMatchObject({ client: expect.any(String), connected: false });
    expect(presence(rig, host.state.id)).toEqual([expect.objectContaining({ client: 'guest', connectedMs: 20_000 })]);
  });

  it('has its stay written when the backend stops', async () => {
    const rig = backend();
    const host = await create(rig);
    host.attendance.attach('guest');
    rig.clock.time += 5000;
    await rig.registry.stop(0);
    const next = await successor(rig);
    expect(next.registry.find(host.state.id).attendance.clients()).toContainEqual(
      expect.objectContaining({ client: 'guest', connected: false, connectedMs: 5000 }),
    );
  });

  it('does not put off the expiry of the session by being there', async () => {
    const rig = backend();
    const host = await rig.registry.create({ labels: {}, client: 'tester', ttlMs: 100_000 });
    const { activeAt } = host.state;
    rig.clock.time += 10_000;
    host.attendance.attach('guest', 5);
    await host.attendance.detach('guest');
    expect(presence(rig, host.state.id)).toHaveLength(1);
    expect(host.state.activeAt).toBe(activeAt);
  });
});

describe('statistics', () => {
  it('count what happened, of one session and of all that a client sees', async () => {
    const rig = backend();
    const handlers = handlersOf(rig);
    const host = await create(rig);
    const other = await create(rig, 'other');
    await other.share(['tester'], 'other');
    const hidden = await create(rig, 'other');
    await run(hidden, 'x := 1');
    await run(host, 'x := 1', 'raise', 'die', 'x');
    await host.evaluate(order('x', 'other'));
    await run(other, 'y := 1');
    await host.contexts.change({ patch: { a: 1 }, client: 'tester' });
    host.attendance.attach('guest', 250);
    await host.attendance.detach('guest');

    const one = await handlers.get_statistics({ session_id: host.state.id, client_id: 'tester' }, () => {});
    expect(one).toMatchObject({ sessions: 1, open: 1 });
    expect(one.statistics).toMatchObject({
      evaluations: 5,
      errors: 2,
      outcomes: { value: 3, error: 1, interrupted: 0, unknown: 1 },
      restores: { crash: 1, restart: 0 },
      outagesSurvived: 2,
      linkOutages: 1,
      linkOutageMs: 250,
      contextChanges: 1,
      clients: 3,
      entries: host.state.revision,
      engine: 'toy',
      image: '1',
    });
    const all = await handlers.get_statistics({ client_id: 'tester' }, () => {});
    expect(all).toMatchObject({ sessions: 2, open: 2 });
    expect(all.statistics).toMatchObject({ evaluations: 6, clients: 3, bytes: host.bytes + other.bytes });
  });
});

describe('a session', () => {
  it('is seen by its owner, by those it is shared with, and by requests that name no client', async () => {
    const rig = backend();
    const host = await create(rig, 'tester', 's');
    const seenBy = () =>
      ['tester', 'friend', 'stranger', undefined].filter((client) => rig.registry.visible(client).includes(host));
    expect(seenBy()).toEqual(['tester', undefined]);
    await host.share(['friend'], 'tester');
    expect(seenBy()).toEqual(['tester', 'friend', undefined]);
    await host.share(null, 'tester');
    expect(seenBy()).toEqual(['tester', 'friend', 'stranger', undefined]);
    await host.unshare(['friend'], 'tester');
    expect(seenBy()).toContain('friend');
    await host.unshare(null, 'tester');
    expect(seenBy()).toEqual(['tester', undefined]);
    for (const reference of ['s', host.state.id]) {
      expect(() => rig.registry.find(reference, 'stranger')).toThrow('No session');
    }
  });

  it('is seen by who brought it here, also where another one did first', async () => {
    const home = backend();
    const archive = archiveOf(home, await create(home, 'owner', 's'));
    const grants = new MemoryGrants();
    const away = backend({ grants });
    for (const client of ['first', 'second']) await away.registry.import(archive, { client, fork: false });
    expect(['first', 'second', 'third'].map((client) => away.registry.visible(client).length)).toEqual([1, 1, 0]);
    await away.registry.remove(away.registry.find('s', 'first'));
    expect(grants.has(archive.state.id, 'first')).toBe(false);
  });

  it('has a name that no other open one has, among those that its client sees', async () => {
    const rig = backend();
    const host = await create(rig, 'tester', 's');
    await create(rig, 'other', 's');
    await expect(create(rig, 'tester', 's')).rejects.toMatchObject({
      type: 'NameTaken',
      details: { session: host.state.id },
    });
    const shared = await create(rig, 'other', 't');
    await shared.share(null, 'other');
    await expect(create(rig, 'tester', 't')).rejects.toMatchObject({ type: 'NameTaken' });
    await shared.close('requested', 'other');
    expect((await create(rig, 'tester', 't')).state.name).toBe('t');
  });

  it('of another client that is called like an own one does not make the name ambiguous', async () => {
    const rig = backend();
    const own = await create(rig, 'tester', 's');
    const other = await create(rig, 'other', 's');
    const third = await create(rig, 'third', 's');
    for (const host of [other, third]) await host.share(['tester', 'guest'], 'other');
    expect(rig.registry.find('s', 'tester')).toBe(own);
    expect(() => rig.registry.find('s', 'guest')).toThrow('stands for 2 sessions');
  });
});

describe('an evaluation that names no session', () => {
  it('runs in the default session of its client, which is created once, and is never that of another one', async () => {
    const rig = backend();
    const handlers = handlersOf(rig);
    const evaluate = async (client_id: string) => {
      const { evaluation } = await handlers.evaluate({ code: 'x', client_id }, () => {});
      return evaluation.session;
    };
    const [first, again] = await Promise.all([evaluate('tester'), evaluate('tester')]);
    expect(again).toBe(first);
    await rig.registry.find(first as string).share(null, 'tester');
    const other = await evaluate('other');
    expect(other).not.toBe(first);
    expect([await evaluate('tester'), await evaluate('other')]).toEqual([first, other]);
    expect(rig.registry.find('default', 'other').state.id).toBe(other);
  });

  it('says why when its session cannot be created', async () => {
    const rig = backend();
    rig.journal.full = () => true;
    const refused = handlersOf(rig).evaluate({ code: 'x', client_id: 'tester' }, () => {});
    await expect(refused).rejects.toMatchObject({ type: 'StorageFull' });
  });
});

describe('the outcome of an evaluation', () => {
  it('is that of where it ran, and not that of a fork made before it had one', async () => {
    const rig = backend();
    const handlers = handlersOf(rig);
    const host = await create(rig);
    const running = host.evaluate({ ...order('hang'), key: 'k' });
    while (rig.engines.ran.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const fork = await rig.registry.fork(host, { client: 'tester' });
    rig.engines.newest?.interrupt();
    await running;
    const outcomeIn = async (session_id?: string) => {
      const parameters = { key: 'k', client_id: 'tester', ...(session_id ? { session_id } : {}) };
      return (await handlers.get_result(parameters, () => {})).evaluation.outcome;
    };
    expect(await outcomeIn()).toBe('interrupted');
    expect(await outcomeIn(fork.state.id)).toBe('unknown');
  });
});
