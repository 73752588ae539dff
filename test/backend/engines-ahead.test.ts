/** Engines that are started before they are asked for. */
import { describe, expect, it } from '@jest/globals';
import { AT_WORK_MS, MAX_ENGINES_AHEAD } from '../../src/backend/settings.js';
import { EXTRA_SPARES_MS } from '../../src/engine/warm-factory.js';
import { backend, create, order, quiet, run } from './rig.js';

describe('engines that were started ahead', () => {
  it('go to the sessions that ask, each to one', async () => {
    const { engines } = backend();
    engines.warm(3);
    await quiet();
    const waiting = engines.running;
    const given = await Promise.all(['a', 'b', 'c'].map((owner) => engines.start(owner)));
    expect(waiting).toBe(3);
    expect(new Set(given.map(({ pid }) => pid)).size).toBe(3);
    expect(given.map(({ owner }) => owner)).toEqual(['a', 'b', 'c']);
  });

  it('end again when nobody asks for them, but for the spare', async () => {
    const { engines, clock } = backend();
    engines.warm(3);
    await quiet();
    await clock.pass(EXTRA_SPARES_MS - 1);
    expect(engines.running).toBe(3);
    await clock.pass(1);
    await quiet();
    expect(engines.running).toBe(1);
  });

  it('end with the factory', async () => {
    const { engines } = backend();
    engines.warm(2);
    await engines.close();
    expect(engines.running).toBe(0);
  });
});

describe('a backend after a crash', () => {
  /** A backend on a journal of sessions that worked at the same time, the first one long before. */
  async function afterCrash({ atWork, crashed }: { atWork: number; crashed: boolean }) {
    const before = backend();
    await run(await create(before), 'x := 1');
    await before.clock.pass(AT_WORK_MS + 1);
    for (let count = 0; count < atWork; count += 1) await run(await create(before), 'x := 1');
    const next = backend({ journal: before.journal, clock: before.clock });
    await next.registry.start({ crashed });
    await quiet();
    return next.engines.running;
  }

  it('has an engine ready for each session that was at work', async () => {
    expect(await afterCrash({ atWork: 2, crashed: true })).toBe(2);
  });

  it('has no more ready than it can start at once', async () => {
    expect(await afterCrash({ atWork: MAX_ENGINES_AHEAD + 2, crashed: true })).toBe(MAX_ENGINES_AHEAD);
  });

  it('waits to be asked where the last one stopped in order', async () => {
    expect(await afterCrash({ atWork: 2, crashed: false })).toBe(0);
  });
});

describe('an engine at rest', () => {
  it('is told what it will evaluate before that is on the disk, and does not run it before', async () => {
    const rig = backend();
    const host = await create(rig);
    await run(host, 'x := 1');
    rig.journal.full = () => true;
    await expect(host.evaluate(order('y := 2'))).rejects.toMatchObject({ type: 'StorageFull' });
    expect(rig.engines.prepared).toEqual(['y := 2']);
    expect(rig.engines.ran).toEqual(['x := 1']);
  });

  it('is told nothing about what has to wait for others', async () => {
    const rig = backend();
    const host = await create(rig);
    await run(host, 'x := 1');
    const running = host.evaluate(order('hang'));
    await quiet();
    const waiting = host.evaluate(order('y := 2'));
    await quiet();
    expect(rig.engines.prepared).toEqual(['hang']);
    rig.engines.newest?.interrupt();
    await Promise.all([running, waiting]);
    expect(rig.engines.ran).toEqual(['x := 1', 'hang', 'y := 2']);
  });
});
