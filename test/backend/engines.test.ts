import { describe, expect, it } from '@jest/globals';
import { SessionRegistry } from '../../src/backend/registry.js';
import type { Engine, EngineFactory } from '../../src/engine/contract.js';
import { MemoryJournal } from '../journal/memory-journal.js';
import { backend, create, entriesOf, order, quiet, type Rig, run, successor } from './rig.js';
import { ToyFactory } from './toy-engine.js';

/** So many sessions, whose engines are started by what comes first, all at once. */
async function coldSessions(rig: Rig, count: number) {
  const hosts = await Promise.all(Array.from({ length: count }, () => create(rig)));
  // One that worked before, so that a spare waits.
  await run(await create(rig), 'x := warm');
  await quiet();
  return hosts;
}

describe('sessions that begin to evaluate at once', () => {
  it.each([2, 6, 12])('%d of them: each reads its own values, whose engine no other one has', async (count) => {
    const rig = backend();
    const hosts = await coldSessions(rig, count);
    const bound = await Promise.all(hosts.map((host, index) => host.evaluate(order(`x := of${index}`))));
    expect(bound.map(({ result }) => result.outcome)).toEqual(Array(count).fill('value'));
    const read = await Promise.all(hosts.map((host) => run(host, 'x')));
    expect(read).toEqual(hosts.map((_, index) => `of${index}`));
    expect(new Set(rig.engines.engines.map(({ pid }) => pid)).size).toBe(count + 1);
  });

  it('keep to themselves what a restore brings back, when all their engines are gone', async () => {
    const rig = backend();
    const hosts = await coldSessions(rig, 6);
    await Promise.all(hosts.map((host, index) => run(host, `x := of${index}`)));
    const next = await successor(rig);
    const reopened = hosts.map((host) => next.registry.find(host.state.id));
    await run(reopened[0] as (typeof reopened)[0], 'x');
    await quiet();
    expect(await Promise.all(reopened.map((host) => run(host, 'x')))).toEqual(hosts.map((_, index) => `of${index}`));
  });

  it('lose nothing of each other when one engine dies under its evaluation', async () => {
    const rig = backend();
    const hosts = await coldSessions(rig, 4);
    const [dying, ...others] = hosts.map((host, index) => run(host, index === 0 ? 'die' : `x := of${index}`));
    await Promise.all([dying, ...others]);
    expect(await Promise.all(hosts.slice(1).map((host) => run(host, 'x')))).toEqual(['of1', 'of2', 'of3']);
  });
});

describe('an engine that cannot be given the state of its session', () => {
  it('is stopped, and nothing of it is left', async () => {
    const rig = backend();
    const host = await create(rig);
    await run(host, 'x := 1');
    const next = await successor(rig);
    next.engines.refuses = () => true;
    const { result } = await next.registry.find(host.state.id).evaluate(order('x'));
    expect(result).toMatchObject({ outcome: 'error', error: { class: 'RestoreFailed' } });
    await quiet();
    expect(next.engines.engines.every(({ hasEnded }) => hasEnded)).toBe(true);
  });
});

describe('an answer', () => {
  /** Breaks what the real factory holds: gives everybody the engine that somebody has. */
  function sharing() {
    const toys = new ToyFactory();
    let shared: Promise<Engine> | undefined;
    const engines: EngineFactory = {
      name: toys.name,
      start: (owner) => {
        shared ??= toys.start(owner);
        return shared;
      },
      warm: (count) => toys.warm(count),
      close: () => toys.close(),
    };
    const journal = new MemoryJournal();
    const log: string[] = [];
    const registry = new SessionRegistry({ journal, engines, now: () => new Date(), log: (line) => log.push(line) });
    return { journal, registry, log };
  }

  it('of an engine that serves another session is journaled as unknown, with no value and no snapshot', async () => {
    const { journal, registry } = sharing();
    const [mine, other] = [
      await registry.create({ labels: {}, client: 'tester' }),
      await registry.create({ labels: {}, client: 'tester' }),
    ];
    await run(mine, 'secret := mine');
    const { result } = await other.evaluate(order('secret'));
    expect(result).toMatchObject({ outcome: 'unknown', printString: null, error: { class: 'EngineOwnership' } });
    expect(result.error?.message).toContain(`serves ${mine.state.id}, and answered ${other.state.id}`);
    expect(JSON.stringify(entriesOf({ journal } as unknown as Rig, other.state.id))).not.toContain('"mine"');
    expect(other.engineState).toBe('none');
  });
});

/** And there is no spare any more. */
function leaveRoomFor({ engines }: Rig, processes: number): void {
  engines.unavailable = true;
  engines.unavailable = false;
  engines.capacity = processes;
}

describe('when no engine can be started for want of descriptors', () => {
  it('the session that was idle longest gives its engine away, and loses nothing by it', async () => {
    const rig = backend();
    const [first, second, third] = [await create(rig), await create(rig), await create(rig)];
    await run(first, 'x := 1');
    await rig.clock.pass(10);
    await run(second, 'x := 2');
    await rig.clock.pass(1_000);
    leaveRoomFor(rig, 2);
    expect(await run(third, 'x := 3')).toBe('3');
    expect([first, second, third].map(({ engineState }) => engineState)).toEqual(['none', 'idle', 'idle']);
    expect(rig.log.join()).toContain('an idle engine was stopped, because: No engine could be started');
    await rig.clock.pass(1_000);
    expect(await run(first, 'x')).toBe('1');
  });

  it('and none is idle, the evaluation says so and runs later under another key; the others go on', async () => {
    const rig = backend();
    const [busy, other] = [await create(rig), await create(rig)];
    rig.engines.capacity = 1;
    const hanging = busy.evaluate({ ...order('hang'), timeoutMs: 60_000 });
    await quiet();
    const { result } = await other.evaluate(order('x := 1'));
    expect(result).toMatchObject({ outcome: 'error', error: { class: 'EngineUnavailable' } });
    expect(result.error?.message).toContain('no file descriptors left');
    expect(busy.engineState).toBe('busy');
    rig.engines.engines[0]?.interrupt();
    expect((await hanging).result.outcome).toBe('interrupted');
    await rig.clock.pass(1_000);
    expect(await run(other, 'x := 1')).toBe('1');
  });

  it('and two ask at once, each gets the room of another one', async () => {
    const rig = backend();
    const hosts = [await create(rig), await create(rig), await create(rig), await create(rig)];
    await run(hosts[0] as (typeof hosts)[0], 'x := 0');
    await run(hosts[1] as (typeof hosts)[0], 'x := 1');
    await rig.clock.pass(1_000);
    leaveRoomFor(rig, 2);
    expect(await Promise.all(hosts.slice(2).map((host) => run(host, 'x := new')))).toEqual(['new', 'new']);
    expect(hosts.map(({ engineState }) => engineState)).toEqual(['none', 'none', 'idle', 'idle']);
  });
});
