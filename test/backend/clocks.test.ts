/** Clocks that are set, wrong for a while, or go on while everything is stopped: nothing expires for that, nor lives for ever. */
import { describe, expect, it } from '@jest/globals';
import { MIN_STAY_MS, ORPHANED_AFTER_MS, PRESENCE_LEASE_MS } from '../../src/backend/settings.js';
import { backend, type Clock, create, entriesOf, handlersOf, type Rig, run, successor } from './rig.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

async function started(clock?: Clock): Promise<Rig> {
  const rig = backend(clock ? { clock } : {});
  await rig.registry.start();
  return rig;
}

const mortal = ({ registry }: Rig, ttlMs = 2 * HOUR) => registry.create({ labels: {}, client: 'tester', ttlMs });

const JUMPS = [
  ['forwards by an hour', HOUR],
  ['forwards by ten years', 10 * YEAR],
  ['backwards by an hour', -HOUR],
  ['backwards by ten years', -10 * YEAR],
] as const;

describe('a wall clock that is set while a backend runs', () => {
  it.each(JUMPS)('does not change how long a session lives: %s', async (_, jump) => {
    const rig = await started();
    const host = await mortal(rig);
    await rig.clock.pass(HOUR);
    rig.clock.wallMs += jump;
    await rig.clock.pass(HOUR - 1);
    expect(host.state.closed).toBeNull();
    const left = (host.attendance.expiresAt()?.getTime() ?? 0) - rig.clock.now().getTime();
    expect(Math.abs(left - 1)).toBeLessThanOrEqual(1);
    await rig.clock.pass(1);
    expect(host.state.closed).toBe('expired');
    expect(entriesOf(rig, host.state.id).filter(({ type }) => type === 'notice')).toHaveLength(1);
  });

  it.each(JUMPS)('does not change what work after it puts off: %s', async (_, jump) => {
    const rig = await started();
    const host = await mortal(rig);
    await rig.clock.pass(HOUR + 7);
    rig.clock.wallMs += jump;
    await run(host, 'x := 1');
    await rig.clock.pass(2 * HOUR - 120_000);
    expect(host.state.closed).toBeNull();
    // A look at what is new comes within a minute.
    await rig.clock.pass(180_000);
    expect(host.state.closed).toBe('expired');
  });

  it.each(JUMPS)('does not age the work that was just done: %s', async (_, jump) => {
    const rig = await started();
    const host = await mortal(rig);
    await rig.clock.pass(HOUR + 7);
    await run(host, 'x := 1');
    rig.clock.wallMs += jump;
    await rig.clock.pass(2 * HOUR - 120_000);
    expect(host.state.closed).toBeNull();
  });

  it.each(JUMPS)('ends nobody’s stay, and makes none longer or shorter: %s', async (_, jump) => {
    const rig = await started();
    const host = await create(rig);
    host.attendance.attach('guest');
    await rig.clock.pass(20_000);
    rig.clock.wallMs += jump;
    host.attendance.attach('guest');
    await rig.clock.pass(20_000);
    expect(host.attendance.clients()[0]).toMatchObject({ client: 'guest', connected: true, connectedMs: 20_000 });
    await host.attendance.detach('guest');
    expect(entriesOf(rig, host.state.id).filter(({ type }) => type === 'presence')).toMatchObject([
      { connectedMs: 40_000 },
    ]);
  });

  it.each(JUMPS)('makes no orphan, and has nothing pruned: %s', async (_, jump) => {
    const rig = await started();
    const host = await create(rig);
    await host.close('requested', 'tester');
    const open = await create(rig);
    rig.clock.wallMs += jump;
    await rig.clock.pass(HOUR);
    expect(open.attendance.orphanedFor()).toBeLessThanOrEqual(HOUR);
    expect(rig.registry.prunable({ client: 'tester', orphaned: false, expired: false, olderThanMs: DAY })).toEqual([]);
  });
});

describe('a session that was born in the future, by a clock that was wrong then', () => {
  it.each([
    ['an hour', HOUR],
    ['ten years', 10 * YEAR],
  ])('lives as long as others from when the clock is right (%s)', async (_, ahead) => {
    const early = await started();
    early.clock.wallMs = ahead;
    const { id } = (await mortal(early)).state;
    await early.registry.stop(0);
    early.clock.wallMs = 0;
    const rig = await successor(early);
    const host = rig.registry.find(id);
    await rig.clock.pass(2 * HOUR - 60_000);
    expect(host.state.closed).toBeNull();
    await rig.clock.pass(120_000);
    expect(host.state.closed).toBe('expired');
  });

  it('is an orphan, and old enough to be pruned, in the end', async () => {
    const early = await started();
    early.clock.wallMs = 10 * YEAR;
    const { id } = (await create(early)).state;
    await early.registry.stop(0);
    early.clock.wallMs = 0;
    const rig = await successor(early);
    const prunable = () =>
      rig.registry.prunable({ client: 'tester', orphaned: true, expired: false, olderThanMs: undefined });
    expect(prunable()).toEqual([]);
    rig.clock.time += ORPHANED_AFTER_MS + HOUR;
    expect(prunable().map(({ state }) => state.id)).toEqual([id]);
  });
});

describe('a minute in which everything is stopped: clients, backend, machine', () => {
  it.each([0, 5_000, 25_000])('ends nobody’s stay, %d ms after the last renewal', async (sinceMs) => {
    const rig = await started();
    const host = await create(rig);
    host.attendance.attach('guest');
    await rig.clock.pass(29_000);
    host.attendance.attach('guest');
    await rig.clock.pass(sinceMs);
    rig.clock.stop(60_000);
    // Everything goes on at once; what the backend had to look at comes before what the client says.
    await rig.clock.pass(9_000);
    host.attendance.attach('guest');
    await rig.clock.pass(PRESENCE_LEASE_MS - 1_000);
    expect(host.attendance.clients()[0]).toMatchObject({ client: 'guest', connected: true });
    expect(entriesOf(rig, host.state.id).filter(({ type }) => type === 'presence')).toEqual([]);
  });

  it('does not keep a client listed that is gone', async () => {
    const rig = await started();
    const host = await create(rig);
    host.attendance.attach('guest');
    await rig.clock.pass(MIN_STAY_MS);
    host.attendance.attach('guest');
    rig.clock.stop(60_000);
    await rig.clock.pass(150_000);
    expect(host.attendance.clients().some(({ connected }) => connected)).toBe(false);
    expect(entriesOf(rig, host.state.id).filter(({ type }) => type === 'presence')).toMatchObject([
      { client: 'guest', connectedMs: MIN_STAY_MS },
    ]);
  });
});

describe('times in a history whose clock was set', () => {
  it('may go backwards, and every entry is read all the same', async () => {
    const rig = await started();
    const host = await create(rig);
    await run(host, 'a := 1');
    rig.clock.wallMs = -YEAR;
    await run(host, 'b := 2');
    rig.clock.wallMs = YEAR;
    await run(host, 'c := 3');
    const next = await successor(rig);
    const { lines } = await handlersOf(next).read_journal({ session_id: host.state.id }, () => {});
    const inputs = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'input');
    expect(inputs.map(({ code }) => code)).toEqual(['a := 1', 'b := 2', 'c := 3']);
    expect(next.registry.find(host.state.id).summary()).toMatchObject({ state: 'open' });
  });
});
