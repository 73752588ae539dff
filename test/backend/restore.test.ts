import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RestoreRequest, SessionHost } from '../../src/backend/session-host.js';
import { archiveOf, backend, create, entriesOf, kill, order, plain, type Rig, run, successor } from './rig.js';
import { live, lives } from './scenario.js';

const RUNS = { numRuns: 60 };

function restore(host: SessionHost, more: Partial<RestoreRequest> = {}) {
  return host.restore({ plan: false, strategy: 'snapshot', client: 'tester', ...more });
}

function fidelities({ bindings }: { bindings: readonly { name: string; fidelity: string }[] }) {
  return Object.fromEntries(bindings.map(({ name, fidelity }) => [name, fidelity]));
}

async function session(...codes: readonly string[]) {
  const rig = backend();
  const host = await create(rig);
  await run(host, ...codes);
  return { rig, host };
}

/** The session as another backend has it after an import: with the snapshots only that its last revision needs. */
async function imported(rig: Rig, host: SessionHost) {
  const away = backend();
  const { host: copy } = await away.registry.import(archiveOf(rig, host), { client: 'else', fork: false });
  return { away, copy };
}

/** A session whose snapshots of y and of the class B have no bytes; that of x has. */
async function shortened() {
  const { rig, host } = await session('x := 1', 'y := 2', 'class B', 'block b');
  const second = host.state.bindings.y?.at as number;
  for (const { seq } of host.state.snapshots) if (seq >= second) rig.journal.gone.add(seq);
  return { rig: await successor(rig), id: host.state.id };
}

describe('the plan of a restore', () => {
  it('has the shape of its report, and comes true', async () => {
    const strategies = fc.constantFrom('snapshot' as const, 'replay' as const, 'none' as const);
    const places = fc.option(fc.nat(), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(lives, strategies, places, async (steps, strategy, place) => {
        const { host } = await live(steps);
        const at = place === undefined ? undefined : 1 + (place % host.state.revision);
        const plan = await restore(host, { plan: true, strategy, at });
        const report = await restore(host, { strategy, at });
        expect(Object.keys(report)).toEqual(Object.keys(plan));
        expect({ ...report, revision: 0, durationMs: 0, plan: true, bindings: [], lost: [], notReplayed: [] }).toEqual({
          ...plan,
          revision: 0,
          durationMs: 0,
          bindings: [],
          lost: [],
          notReplayed: [],
        });
        const planned = fidelities(plan);
        expect(Object.keys(fidelities(report))).toEqual(Object.keys(planned));
        for (const [name, fidelity] of Object.entries(fidelities(report))) {
          // What runs again may bind more than its code says, and may fail this time.
          if (strategy !== 'replay') expect(fidelity).toBe(planned[name]);
          else if (planned[name] === 'snapshot' || planned[name] === 'live') expect(fidelity).toBe(planned[name]);
          else expect(fidelity).toMatch(/^(replayed|lost)$/);
        }
      }),
      RUNS,
    );
  });

  it.each(['snapshot', 'replay', 'none'] as const)(
    'for %s touches neither the engine nor the journal',
    async (strategy) => {
      const { rig, host } = await session('x := 1', 'block b', 'big z');
      const before = { values: rig.engines.newest?.values, entries: entriesOf(rig, host.state.id) };
      await restore(host, { plan: true, strategy });
      await restore(host, { plan: true, strategy, at: 2 });
      expect({ values: rig.engines.newest?.values, entries: entriesOf(rig, host.state.id) }).toEqual(before);
      expect(rig.engines.engines).toHaveLength(1);
      expect(await run(host, 'b')).toBe('block');
    },
  );
});

describe('a restore to nothing', () => {
  it('gives an engine that holds nothing, names what that loses, keeps the context, and can be taken back', async () => {
    const { rig, host } = await session('x := 1', 'class A', 'big z');
    await host.contexts.change({ patch: { buffer: 'text' }, client: 'tester' });
    const before = host.state.revision;
    const report = await restore(host, { strategy: 'none' });
    expect(report.lost).toEqual(['x', 'z']);
    expect(report.definitions).toEqual([{ name: 'A', fidelity: 'lost', reason: expect.any(String) }]);
    expect(rig.engines.newest?.values).toEqual({});
    expect(plain(host.state.context)).toEqual({ buffer: 'text' });
    expect(rig.engines.engines.map(({ hasEnded }) => hasEnded)).toEqual([true, false]);

    await restore(host, { at: before });
    expect(rig.engines.newest?.values).toEqual({ x: '1', A: 'a class', z: 'big' });
  });

  it('stays one when everything is started again, and goes through an archive', async () => {
    const { rig, host } = await session('x := 1');
    await restore(host, { strategy: 'none' });
    await run(host, 'y := 2');
    const { away, copy } = await imported(rig, host);
    const next = await successor(rig);
    for (const [engines, session] of [
      [away.engines, copy],
      [next.engines, next.registry.find(host.state.id)],
    ] as const) {
      expect(fidelities(await restore(session))).toEqual({ x: 'lost', y: 'snapshot' });
      expect(engines.newest?.values).toEqual({ y: '2' });
    }
  });
});

describe('a restore to an earlier point', () => {
  it('goes back, and forth to what was made later, and on from there', async () => {
    const { host } = await session('x := 1', 'x := 2', 'x := 3');
    await restore(host, { at: 4 });
    expect(await run(host, 'x')).toBe('1');
    await restore(host, { at: 10 });
    expect(await run(host, 'x')).toBe('3');
    await run(host, 'x := 4');
    await restore(host, { at: 7 });
    expect(await run(host, 'x')).toBe('2');
  });

  it('brings back what the evaluation of that revision changed, though its snapshot comes behind it', async () => {
    const { rig, host } = await session();
    const { result } = await host.evaluate(order('x := 1'));
    await run(host, 'x := 2');
    expect(await restore(host, { at: result.revision })).toMatchObject({ at: result.revision, lost: [] });
    expect(rig.engines.newest?.values).toEqual({ x: '1' });
  });

  it('finds the point by its time: the last entry that is not later', async () => {
    const { rig, host } = await session('x := 1');
    rig.clock.time += 1000;
    await run(host, 'x := 2');
    await restore(host, { atTime: '2026-01-01T00:00:00.999Z' });
    expect(await run(host, 'x')).toBe('1');
    await restore(host, { atTime: '2026-01-01T00:00:01.000Z', plan: true }).then(({ at }) =>
      expect(at).toBeGreaterThan(7),
    );
    const late = await restore(host, { atTime: '2027-01-01T00:00:00.000Z', plan: true });
    expect(late.at).toBe(host.state.revision);
  });

  it.each([
    ['a revision before the first', { at: 0 }],
    ['a revision after the last', { at: 99 }],
    ['a time before the first', { atTime: '2025-12-31T23:59:59.999Z' }],
  ])('is refused for %s', async (_, point) => {
    const { rig, host } = await session('x := 1');
    await expect(restore(host, point)).rejects.toMatchObject({ type: 'InvalidParameters' });
    expect(rig.engines.engines).toHaveLength(1);
  });

  it('goes through an archive', async () => {
    const { rig, host } = await session('x := 1', 'y := 2', 'x := 3');
    await restore(host, { at: 7 });
    await run(host, 'z := 4');
    const { away, copy } = await imported(rig, host);
    await restore(copy);
    expect(away.engines.newest?.values).toEqual({ x: '1', y: '2', z: '4' });
  });

  it('that a full disk does not take leaves the session with the engine it has', async () => {
    const { rig, host } = await session('x := 1', 'block b');
    rig.journal.full = () => true;
    for (const request of [{ at: 4 }, { strategy: 'none' as const }]) {
      await expect(restore(host, request)).rejects.toMatchObject({ type: 'StorageFull' });
    }
    rig.journal.full = () => false;
    expect(rig.engines.engines.map(({ hasEnded }) => hasEnded)).toEqual([false, true, true]);
    expect(host.summary().engineState).toBe('idle');
    expect(await run(host, 'b')).toBe('block');
  });

  it('that no engine takes leaves the session with the engine it has', async () => {
    const { rig, host } = await session('x := 1', 'block b');
    rig.engines.refuses = () => true;
    await expect(restore(host, { at: 4 })).rejects.toThrow('does not take');
    expect(host.summary().engineState).toBe('idle');
    expect(await run(host, 'b')).toBe('block');
  });
});

describe('snapshots that are not here', () => {
  it('are reported as lost, now and from then on, and never as something else', async () => {
    const { rig, id } = await shortened();
    const host = rig.registry.find(id);
    const first = await restore(host);
    expect(fidelities(first)).toEqual({ b: 'lost', x: 'snapshot', y: 'lost' });
    expect(first.definitions).toEqual([expect.objectContaining({ name: 'B', fidelity: 'lost' })]);
    expect(rig.engines.newest?.values).toEqual({ x: '1' });
    await run(host, 'z := 5');
    await kill(rig);
    const second = await restore(host);
    expect(fidelities(second)).toMatchObject({ x: 'snapshot', y: 'lost', z: 'snapshot' });
    expect(second.definitions).toEqual([expect.objectContaining({ name: 'B', fidelity: 'lost' })]);
    expect(rig.engines.newest?.values).toEqual({ x: '1', z: '5' });
  });

  it('can be made good by a replay, after which nothing is lost any more', async () => {
    const { rig, id } = await shortened();
    const host = rig.registry.find(id);
    const report = await restore(host, { strategy: 'replay' });
    expect(rig.engines.ran).toEqual(['y := 2', 'class B', 'block b']);
    expect(fidelities(report)).toEqual({ b: 'replayed', x: 'snapshot', y: 'replayed' });
    await kill(rig);
    expect(fidelities(await restore(host))).toEqual({ b: 'lost', x: 'snapshot', y: 'snapshot' });
    expect(rig.engines.newest?.values).toEqual({ x: '1', y: '2', B: 'a class' });
    await restore(host, { strategy: 'replay' });
    expect(rig.engines.ran.filter((code) => code === 'y := 2')).toHaveLength(1);
  });

  it('do not make anything run twice that an earlier restore has lost before', async () => {
    const { rig, host } = await session('x := 1', 'big z');
    await kill(rig);
    await run(host, 'y := 2');
    rig.journal.gone.add(host.state.bindings.y?.at as number);
    const next = await successor(rig);
    const again = next.registry.find(host.state.id);
    await restore(again);
    await restore(again, { strategy: 'replay' });
    expect(next.engines.ran).toEqual(['big z', 'y := 2']);
    expect(next.engines.newest?.values).toEqual({ x: '1', y: '2', z: 'big' });
  });

  it('of classes alone are told, and what comes after them is not lost, too', async () => {
    const { rig, host } = await session('class A');
    for (const { seq } of host.state.snapshots) rig.journal.gone.add(seq);
    const next = await successor(rig);
    const { result } = await next.registry.find(host.state.id).evaluate(order('x := 1'));
    expect(result.restored?.definitions).toEqual([expect.objectContaining({ name: 'A', fidelity: 'lost' })]);
    const last = await successor(next);
    expect(fidelities(await restore(last.registry.find(host.state.id)))).toMatchObject({ x: 'snapshot' });
  });

  it('of an earlier revision are missing in an import, and lost when it goes back there', async () => {
    const { rig, host } = await session('x := 1', 'y := 2', 'forget y');
    await host.restore({ plan: false, strategy: 'none', client: 'tester' });
    const { away, copy } = await imported(rig, host);
    const report = await restore(copy, { at: 7 });
    expect(fidelities(report)).toEqual({ x: 'lost', y: 'lost' });
    expect(away.engines.newest?.values).toEqual({});
    await restore(copy, { at: 7, strategy: 'replay' });
    expect(away.engines.newest?.values).toEqual({ x: '1', y: '2' });
  });
});

describe('a replay', () => {
  it('passes over an input whose code was not kept, and says so', async () => {
    const { rig, host } = await session('x := 1');
    await host.evaluate({ ...order('big y'), recordAs: 'big [redacted]' });
    await run(host, 'big z');
    await kill(rig);
    const report = await restore(host, { strategy: 'replay' });
    expect(rig.engines.ran).toEqual(['x := 1', 'big y', 'big z', 'big z']);
    expect(report.notReplayed).toEqual([{ revision: 5, code: 'big [redacted]', unknown: false, redacted: true }]);
    expect(fidelities(report)).toEqual({ x: 'snapshot', y: 'lost', z: 'replayed' });
    expect(rig.engines.newest?.values).toEqual({ x: '1', z: 'big' });
  });

  it('on top of an earlier revision runs what its snapshots do not cover, once', async () => {
    const { rig, host } = await session('x := 1', 'big y');
    const at = host.state.revision;
    await run(host, 'x := 2');
    await kill(rig);
    const runs = rig.engines.ran.length;
    await restore(host, { at, strategy: 'replay' });
    expect(rig.engines.ran.slice(runs)).toEqual(['big y']);
    expect(rig.engines.newest?.values).toEqual({ x: '1', y: 'big' });
    await restore(host, { strategy: 'replay' });
    expect(rig.engines.ran.slice(runs)).toEqual(['big y']);
  });
});

describe('a restore of classes alone', () => {
  it('is told as any other', async () => {
    const { rig, host } = await session('class A');
    await kill(rig);
    const { result } = await host.evaluate(order('x'));
    expect(result.restored?.definitions).toEqual([{ name: 'A', fidelity: 'snapshot' }]);
    expect(rig.engines.newest?.values).toEqual({ A: 'a class' });
  });
});
