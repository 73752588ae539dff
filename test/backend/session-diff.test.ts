import { describe, expect, it } from '@jest/globals';
import { backend, create, handlersOf, type Rig, run } from './rig.js';

const diff = async (rig: Rig, parameters: { a: string; b: string; a_at?: number; b_at?: number }) =>
  handlersOf(rig).diff_sessions({ ...parameters, client_id: 'tester' }, () => {});

describe('the difference', () => {
  it('of a session to itself is none', async () => {
    const rig = backend();
    const { state } = await create(rig);
    await run(rig.registry.find(state.id), 'x := 1', 'block b', 'big z');
    expect(await diff(rig, { a: state.id, b: state.id })).toMatchObject({
      common: state.revision,
      bindings: [],
      context: [],
      onlyInA: [],
      onlyInB: [],
    });
  });

  it('of two revisions has what came, went and changed between them, and the inputs', async () => {
    const rig = backend();
    const host = await create(rig);
    await host.contexts.change({ patch: { buffer: 'one\n', gone: 1 }, client: 'tester' });
    await run(host, 'x := 1', 'y := 2', 'same := 3');
    const at = host.state.revision;
    await run(host, 'x := 4', 'forget y', 'new := 5', 'same := 3');
    const change = host.contexts.change({ patch: { buffer: 'one\ntwo\n', gone: null }, client: 'tester' });
    await Promise.all([change, rig.clock.pass(100)]);
    const { id } = host.state;
    const found = await diff(rig, { a: id, a_at: at, b: id });
    expect(found).toMatchObject({
      a: { session: id, revision: at },
      b: { revision: host.state.revision },
      common: at,
      onlyInA: [],
    });
    expect(found.bindings).toEqual([
      { name: 'new', change: 'added', a: null, b: '5' },
      { name: 'x', change: 'changed', a: '1', b: '4' },
      { name: 'y', change: 'removed', a: '2', b: null },
    ]);
    expect(found.context.map(({ path }) => path)).toEqual([['buffer'], ['gone']]);
    expect(found.onlyInB.map(({ code }) => code)).toEqual(['x := 4', 'forget y', 'new := 5', 'same := 3']);
    expect(rig.engines.engines.map(({ hasEnded }) => hasEnded)).toEqual([false, true, true]);

    const back = await diff(rig, { a: id, b: id, b_at: at });
    expect(back.bindings.map(({ name, change: what }) => [name, what])).toEqual([
      ['new', 'removed'],
      ['x', 'changed'],
      ['y', 'added'],
    ]);
  });

  it('at the revision of an evaluation counts what that changed', async () => {
    const rig = backend();
    const host = await create(rig);
    await run(host, 'x := 1');
    const { id, revision } = host.state;
    const found = await diff(rig, { a: id, a_at: revision - 1, b: id });
    expect(found.bindings).toEqual([]);
  });

  it('of a fork and its origin, and of two forks, begins where they parted', async () => {
    const rig = backend();
    const host = await create(rig);
    await run(host, 'x := 1', 'y := 2');
    const common = host.state.revision;
    const [one, two] = [
      await rig.registry.fork(host, { client: 'tester' }),
      await rig.registry.fork(host, { client: 'tester' }),
    ];
    await run(host, 'x := 3');
    await run(one, 'y := 4');
    const parted = await diff(rig, { a: host.state.id, b: one.state.id });
    expect(parted).toMatchObject({ common, onlyInA: [{ code: 'x := 3' }], onlyInB: [{ code: 'y := 4' }] });
    expect(parted.bindings).toEqual([
      { name: 'x', change: 'changed', a: '3', b: '1' },
      { name: 'y', change: 'changed', a: '2', b: '4' },
    ]);
    const forks = await diff(rig, { a: two.state.id, b: one.state.id });
    expect(forks).toMatchObject({ common, bindings: [{ name: 'y' }], onlyInA: [] });
  });

  it('of sessions that have nothing to do with each other is of values, not of where they come from', async () => {
    const rig = backend();
    const [a, b] = [await create(rig), await create(rig)];
    await run(a, 'x := 1', 'y := 2');
    await run(b, 'y := 2', 'x := 3');
    const found = await diff(rig, { a: a.state.id, b: b.state.id });
    expect(found).toMatchObject({ common: 0, bindings: [{ name: 'x', change: 'changed', a: '1', b: '3' }] });
    expect([found.onlyInA.length, found.onlyInB.length]).toEqual([2, 2]);
  });

  it('of what cannot be saved is named without values', async () => {
    const rig = backend();
    const host = await create(rig);
    await run(host, 'x := 1', 'y := 2');
    const at = host.state.revision;
    await run(host, 'block x', 'big y');
    const { id } = host.state;
    expect((await diff(rig, { a: id, a_at: at, b: id })).bindings).toMatchObject([
      { name: 'x', change: 'changed', a: '1', b: null },
      { name: 'y', change: 'changed', a: '2', b: null },
    ]);
  });

  it('is refused for a session that the client does not see, and a revision that is not there', async () => {
    const rig = backend();
    const [own, other] = [await create(rig), await create(rig, 'other')];
    await expect(diff(rig, { a: own.state.id, b: other.state.id })).rejects.toMatchObject({ type: 'SessionNotFound' });
    await expect(diff(rig, { a: own.state.id, b: own.state.id, b_at: 2 })).rejects.toMatchObject({
      type: 'InvalidParameters',
    });
  });
});
