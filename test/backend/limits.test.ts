import { describe, expect, it } from '@jest/globals';
import { RateLimiter } from '../../src/backend/rate-limiter.js';
import { ORPHANED_AFTER_MS, USAGE_CHECK_MS } from '../../src/backend/settings.js';
import { backend, create, entriesOf, handlersOf, order, type Rig, run, successor } from './rig.js';

const DAY_MS = 86_400_000;

describe('the number of sessions', () => {
  it('that a client owns and that are open is limited, of each client by itself', async () => {
    const rig = backend({ limits: { maxSessions: 2 } });
    const first = await create(rig);
    await create(rig);
    const refused = { type: 'LimitExceeded', details: { limit: 'sessions', most: 2 } };
    await expect(create(rig)).rejects.toMatchObject(refused);
    await expect(rig.registry.fork(first, { client: 'tester' })).rejects.toMatchObject(refused);
    await create(rig, 'other');
    await first.close('requested', 'tester');
    await create(rig);
    expect(rig.registry.all()).toHaveLength(4);
  });
});

describe('the rate of evaluations', () => {
  it('is limited in the long run, with a burst before, of each client by itself', async () => {
    const rig = backend({ limits: { maxEvaluationsPerSecond: 5 } });
    const host = await create(rig);
    for (let count = 0; count < 10; count += 1) await host.evaluate(order('x'));
    const details = { limit: 'evaluationsPerSecond', perSecond: 5, retryAfterMs: 200 };
    await expect(host.evaluate(order('x'))).rejects.toMatchObject({ type: 'RateLimited', details });
    await host.evaluate(order('x', 'other'));
    rig.clock.time += 199;
    await expect(host.evaluate(order('x'))).rejects.toMatchObject({ details: { retryAfterMs: 1 } });
    rig.clock.time += 1;
    await host.evaluate(order('x'));
    expect(rig.engines.ran).toHaveLength(12);
  });

  it('does not keep a repeated key from its answer', async () => {
    const rig = backend({ limits: { maxEvaluationsPerSecond: 1 } });
    const host = await create(rig);
    for (const key of ['a', 'b']) await host.evaluate({ ...order('x := 1'), key });
    await expect(host.evaluate(order('x'))).rejects.toMatchObject({ type: 'RateLimited' });
    for (let count = 0; count < 20; count += 1) {
      expect((await host.evaluate({ ...order('x := 1'), key: 'a' })).result.fromJournal).toBe(true);
    }
  });

  it('is remembered of who has used it up, however many others come', () => {
    const limiter = new RateLimiter(1, () => 0);
    for (const _ of [1, 2]) limiter.take('tester');
    for (let other = 0; other < 10_000; other += 1) limiter.take(`other ${other}`);
    expect(() => limiter.take('tester')).toThrow('in 1000 ms');
  });

  it('leaves room for one evaluation, however slow it is', () => {
    const clock = { now: 0 };
    const limiter = new RateLimiter(0.25, () => clock.now);
    limiter.take('tester');
    expect(() => limiter.take('tester')).toThrow('in 4000 ms');
    clock.now += 4000;
    limiter.take('tester');
  });
});

describe('the bytes of the sessions of a client', () => {
  it('are limited for all that adds to them, and nothing else of it is kept', async () => {
    const rig = backend({ limits: { maxBytes: 2000 } });
    const host = await create(rig);
    while (host.bytes < 2000) {
      rig.clock.time += USAGE_CHECK_MS;
      await run(host, 'x := 1');
    }
    rig.clock.time += USAGE_CHECK_MS;
    const { revision } = host.state;
    const refused = { type: 'LimitExceeded', details: { limit: 'bytes', most: 2000, bytes: host.bytes } };
    await expect(host.evaluate(order('x'))).rejects.toMatchObject(refused);
    await expect(host.contexts.change({ patch: { a: 1 }, client: 'tester' })).rejects.toMatchObject(refused);
    await expect(host.record([{ type: 'recorded', code: 'x', source: 'file' }], 'tester')).rejects.toMatchObject(
      refused,
    );
    await expect(rig.registry.fork(host, { client: 'tester' })).rejects.toMatchObject(refused);
    expect(host.state.revision).toBe(revision);
    await (await create(rig, 'other')).evaluate(order('x', 'other'));
    await rig.registry.remove(host);
    rig.clock.time += USAGE_CHECK_MS;
    await run(await create(rig), 'x');
  });
});

describe('a time to live', () => {
  async function mortal() {
    const rig = backend();
    await rig.registry.start();
    const host = await rig.registry.create({ labels: {}, client: 'tester', ttlMs: 100_000 });
    const notices = () => entriesOf(rig, host.state.id).filter((entry) => entry.type === 'notice');
    return { rig, host, notices };
  }

  it('ends a session after one notice, which does not put it off', async () => {
    const { rig, host, notices } = await mortal();
    await rig.clock.pass(89_999);
    expect(notices()).toEqual([]);
    await rig.clock.pass(1);
    expect(notices()).toEqual([expect.objectContaining({ client: 'backend', expiresAt: '2026-01-01T00:01:40.000Z' })]);
    await rig.clock.pass(9_999);
    expect(host.state.closed).toBeNull();
    await rig.clock.pass(1);
    expect(host.state.closed).toBe('expired');
    expect(notices()).toHaveLength(1);
  });

  it('begins again with work after the notice, and there is another notice then', async () => {
    const { rig, host, notices } = await mortal();
    await rig.clock.pass(95_000);
    await run(host, 'x := 1');
    await rig.clock.pass(94_000);
    expect(host.state.closed).toBeNull();
    expect(notices().map(({ expiresAt }) => expiresAt)).toEqual([
      '2026-01-01T00:01:40.000Z',
      '2026-01-01T00:03:15.000Z',
    ]);
    await rig.clock.pass(6_000);
    expect(host.state.closed).toBe('expired');
  });

  it('gives its notice once, also when the backend was started again since', async () => {
    const { rig, host, notices } = await mortal();
    await rig.clock.pass(95_000);
    await rig.registry.stop(0);
    const next = await successor(rig);
    await next.clock.pass(4_000);
    expect(notices()).toHaveLength(1);
    await next.clock.pass(1_000);
    expect(next.registry.find(host.state.id).state.closed).toBe('expired');
  });

  it('does not keep a backend busy while the disk is full', async () => {
    const { rig, host } = await mortal();
    rig.journal.full = () => true;
    await rig.clock.pass(110_000);
    expect(rig.log.length).toBeLessThan(100);
    rig.journal.full = () => false;
    await rig.clock.pass(1_000);
    expect(host.state.closed).toBe('expired');
  });
});

describe('an open session is orphaned', () => {
  const isOrphaned = (rig: Rig) => rig.registry.all().map((host) => host.summary().orphaned);

  it('when none of its clients was seen for a month, and not while one stays', async () => {
    const rig = backend();
    const host = await create(rig);
    const closed = await create(rig);
    await closed.close('requested', 'tester');
    const guarded = await create(rig);
    guarded.attendance.attach('guest');
    rig.clock.time += ORPHANED_AFTER_MS - 1;
    expect(isOrphaned(rig)).toEqual([false, false, false]);
    rig.clock.time += 1;
    expect(isOrphaned(rig)).toEqual([true, false, false]);
    rig.registry.find(host.state.id, 'tester');
    expect(isOrphaned(rig)).toEqual([false, false, false]);
  });

  it('and not while somebody works in it, whether the requests name the session and the client or not', async () => {
    const rig = backend();
    const handlers = handlersOf(rig);
    await handlers.evaluate({ code: 'x', client_id: 'tester' }, () => {});
    await handlers.evaluate({ code: 'x' }, () => {});
    rig.clock.time += ORPHANED_AFTER_MS;
    expect(isOrphaned(rig)).toEqual([true, true]);
    await handlers.evaluate({ code: 'x', client_id: 'tester' }, () => {});
    await handlers.evaluate({ code: 'x' }, () => {});
    expect(isOrphaned(rig)).toEqual([false, false]);
  });
});

describe('a prune', () => {
  /** One session of each kind, of the tester and of another client. */
  async function town() {
    const rig = backend();
    const handlers = handlersOf(rig);
    for (const client of ['tester', 'other']) {
      const hosts = [];
      for (const kind of ['expired', 'closed', 'present', 'orphan'])
        hosts.push(await create(rig, client, `${client} ${kind}`));
      await hosts[0]?.close('expired', 'backend');
      await hosts[1]?.close('requested', client);
      hosts[2]?.attendance.attach(client);
    }
    rig.clock.time += 31 * DAY_MS;
    await create(rig, 'tester', 'new');
    const prune = (more: object) => handlers.prune_sessions({ client_id: 'tester', ...more }, () => {});
    const names = ({ sessions }: { sessions: readonly { name: string }[] }) => sessions.map(({ name }) => name).sort();
    return { rig, prune, names };
  }

  it.each<[string, object, string[]]>([
    ['nothing', {}, []],
    ['the orphaned, of all clients', { orphaned: true }, ['other orphan', 'tester orphan']],
    ['the orphaned since long, of which there are none', { orphaned: true, older_than_ms: 32 * DAY_MS }, []],
    [
      'the orphaned since a moment, but none with a client in it',
      { orphaned: true, older_than_ms: 0 },
      ['other orphan', 'tester orphan'],
    ],
    ['the expired, of the client', { expired: true }, ['tester expired']],
    ['the expired since long, of which there are none', { expired: true, older_than_ms: 32 * DAY_MS }, []],
    ['the closed that are old, of the client', { older_than_ms: 30 * DAY_MS }, ['tester closed', 'tester expired']],
    ['both', { expired: true, orphaned: true }, ['other orphan', 'tester expired', 'tester orphan']],
  ])('of %s says what it would remove, and removes it', async (_, criteria, expected) => {
    const { rig, prune, names } = await town();
    const before = rig.registry.all().length;
    const plan = await prune({ ...criteria, dry_run: true });
    expect([names(plan), plan.removed, rig.registry.all().length]).toEqual([expected, false, before]);
    const done = await prune(criteria);
    expect([names(done), done.removed, rig.registry.all().length]).toEqual([expected, true, before - expected.length]);
    expect(done.bytes).toBe(plan.bytes);
    expect(rig.journal.sessions()).toHaveLength(before - expected.length);
  });
});
