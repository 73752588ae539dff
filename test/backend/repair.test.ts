import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import { SessionRegistry } from '../../src/backend/registry.js';
import { repairSession } from '../../src/backend/repair.js';
import { openJournal } from '../journal/journals.js';
import { temporaryDirectory } from '../local/temporary.js';
import { backend, create, entriesOf, handlersOf, kill, type Rig, run, successor } from './rig.js';
import { ToyFactory } from './toy-engine.js';

async function session(...codes: readonly string[]) {
  const rig = backend();
  const host = await create(rig, 'tester', 's');
  await run(host, ...codes);
  return { rig, host, id: host.state.id };
}

const repair = ({ registry, journal, engines }: Rig, id: string, dryRun = false) =>
  repairSession(registry, journal, engines, id, dryRun);

/** How everything comes back when the engine is started anew. */
async function restored(rig: Rig, id: string, strategy: 'snapshot' | 'replay' = 'snapshot') {
  await kill(rig);
  const report = await rig.registry.find(id).restore({ plan: false, strategy, client: 'tester' });
  const fidelities = Object.fromEntries(report.bindings.map(({ name, fidelity }) => [name, fidelity]));
  return { report, fidelities, values: rig.engines.newest?.values };
}

const last = <T>(list: readonly T[]): T => list.at(-1) as T;

describe('a repair of a session with a damaged snapshot', () => {
  it('goes on with older values, and names what is lost', async () => {
    const { rig, id, host } = await session('x := 1', 'y := 1', 'x := 2', 'y := 2', 'new := 3', 'class A');
    const at = host.state.bindings.y?.at as number;
    rig.journal.gone.add(at);
    const next = await successor(rig);
    const { revision, snapshots } = next.registry.find(id).state;
    const lost = snapshots.map(({ seq }) => seq).filter((seq) => seq >= at);
    const report = await repair(next, id);
    expect(report).toMatchObject({ session: id, name: 's', lastGood: revision, cut: 0, badSnapshots: lost });
    expect(report.damage).toMatch(`the snapshot of revision ${at}`);
    const { report: back, fidelities, values } = await restored(next, id);
    expect(values).toEqual({ x: '2', y: '1' });
    expect(fidelities).toMatchObject({ x: 'snapshot', y: 'snapshot', new: 'lost' });
    expect(back.bindings.find(({ name }) => name === 'new')?.reason).toMatch('is damaged');
    expect([...back.lost]).toContain('A');
    const y = back.bindings.find(({ name }) => name === 'y');
    expect(y?.reason).toMatch(/saved at revision 7; input \d+ may have changed it/);
  });

  it('can have what it lost back by a replay', async () => {
    const { rig, id, host } = await session('x := 1', 'x := 2', 'y := 3');
    rig.journal.gone.add(host.state.bindings.x?.at as number);
    const next = await successor(rig);
    await repair(next, id);
    const { fidelities, values } = await restored(next, id, 'replay');
    expect(next.engines.ran).toEqual(['x := 2', 'y := 3']);
    expect(values).toEqual({ x: '2', y: '3' });
    expect(fidelities).toMatchObject({ y: 'replayed' });
    expect((await restored(next, id)).fidelities).toEqual({ x: 'snapshot', y: 'snapshot' });
  });

  it('names what was removed since the older snapshot, which is there again', async () => {
    const { rig, id, host } = await session('x := 1', 'forget x');
    rig.journal.gone.add(last(host.state.snapshots).seq);
    const next = await successor(rig);
    await repair(next, id);
    const { fidelities, values } = await restored(next, id);
    expect(values).toEqual({ x: '1' });
    expect(fidelities).toEqual({ x: 'snapshot' });
  });

  it('loses nothing where newer snapshots have replaced it', async () => {
    const { rig, id, host } = await session('x := 1', 'y := 2');
    const [old] = host.state.snapshots;
    // What is taken as a whole needs nothing that was saved before.
    await host.restore({ plan: false, strategy: 'none', client: 'tester' });
    await run(host, 'x := 3', 'z := 4');
    rig.journal.gone.add(old?.seq as number);
    const next = await successor(rig);
    const { revision } = next.registry.find(id).state;
    expect(await repair(next, id)).toMatchObject({ badSnapshots: [old?.seq], cut: 0 });
    expect(next.registry.find(id).state.revision).toBe(revision);
    expect((await restored(next, id)).values).toEqual({ x: '3', z: '4' });
  });

  it('loses nothing where the engine still runs, which is saved as a whole', async () => {
    const { rig, id, host } = await session('x := 1', 'block b', 'y := 2');
    for (const { seq } of host.state.snapshots) rig.journal.gone.add(seq);
    await repair(rig, id);
    expect(await run(host, 'b')).toBe('block');
    const { fidelities, values } = await restored(rig, id);
    expect(fidelities).toEqual({ b: 'lost', x: 'snapshot', y: 'snapshot' });
    expect(values).toEqual({ x: '1', y: '2' });
  });

  it('finds the snapshot that the engine refuses, and those that build on it', async () => {
    const { rig, id, host } = await session('x := 1', 'y := 2', 'x := 3', 'z := 4', 'y := 5');
    const next = await successor(rig);
    next.engines.refuses = (capture) => capture === '{"x":"3"}';
    const seqs = host.state.snapshots.map(({ seq }) => seq);
    const report = await repair(next, id);
    expect(report).toMatchObject({
      badSnapshots: seqs.slice(2),
      damage: expect.stringMatching('does not take this capture'),
    });
    const { fidelities, values } = await restored(next, id);
    expect(values).toEqual({ x: '1', y: '2' });
    expect(fidelities).toMatchObject({ x: 'snapshot', y: 'snapshot', z: 'lost' });
    expect(await repair(next, id)).toMatchObject({ damage: null, badSnapshots: [] });
    expect(next.engines.engines.filter(({ hasEnded }) => !hasEnded)).toHaveLength(1);
  });

  it('changes nothing in a dry run, which finds the same', async () => {
    const { rig, id, host } = await session('x := 1', 'y := 2');
    rig.journal.gone.add(last(host.state.snapshots).seq);
    const next = await successor(rig);
    const before = entriesOf(next, id);
    const plan = await repair(next, id, true);
    expect(entriesOf(next, id)).toEqual(before);
    expect(await repair(next, id)).toEqual(plan);
    expect(entriesOf(next, id).at(-1)).toMatchObject({ type: 'repaired', snapshots: plan.badSnapshots });
  });

  it('replays nothing twice that an earlier restore lost', async () => {
    const { rig, id, host } = await session('x := 1', 'big z');
    await kill(rig);
    await run(host, 'y := 2', 'x := 3');
    rig.journal.gone.add(host.state.bindings.y?.at as number);
    const next = await successor(rig);
    await repair(next, id);
    await restored(next, id, 'replay');
    expect(next.engines.ran).toEqual(['big z', 'y := 2', 'x := 3']);
  });

  it('of a sound session finds nothing, and does nothing', async () => {
    const { rig, id, host } = await session('x := 1');
    const { revision } = host.state;
    expect(await repair(rig, id)).toMatchObject({ damage: null, cut: 0, badSnapshots: [], keptIn: null });
    expect(host.state.revision).toBe(revision);
    expect(await run(host, 'x')).toBe('1');
    expect(await handlersOf(rig).repair_sessions({}, () => {})).toEqual({ sessions: [] });
  });
});

describe('a repair of a session on a disk', () => {
  async function damaged(sql: (id: string) => string) {
    const directory = temporaryDirectory();
    const journal = openJournal(directory);
    const registry = new SessionRegistry({ journal, engines: new ToyFactory(), now: () => new Date(), log: () => {} });
    const host = await registry.create({ labels: {}, client: 'tester', name: 's' });
    await run(host, 'x := 1', 'y := 2', 'x := 3');
    const { id, revision } = host.state;
    await registry.stop(0);
    await journal.close();
    const database = new Database(join(directory, 'journal.sqlite'));
    database.exec(sql(id));
    database.close();

    const reopened = openJournal(directory);
    const engines = new ToyFactory();
    const next = new SessionRegistry({ journal: reopened, engines, now: () => new Date(), log: () => {} });
    await next.start();
    const fix = (dryRun: boolean) => repairSession(next, reopened, engines, id, dryRun);
    return { id, revision, registry: next, fix };
  }

  it('brings back one whose entry was changed, up to there', async () => {
    const { id, revision, registry, fix } = await damaged(
      () => "UPDATE entries SET line = replace(line, 'x := 3', 'x := 9') WHERE seq = 8",
    );
    expect(registry.damaged).toEqual([id]);
    const told = expect.objectContaining({ name: 'DamagedJournal', lastGood: 7 });
    for (const reference of [id, 's']) {
      expect(() => registry.find(reference)).toThrow(told);
      expect(() => registry.find(reference, 'tester')).toThrow(told);
      expect(() => registry.find(reference, 'other')).toThrow('No session');
    }
    const report = await fix(false);
    expect(report).toMatchObject({
      session: id,
      name: 's',
      lastGood: 7,
      cut: revision - 7,
      keptIn: expect.any(String),
    });
    expect(registry.damaged).toEqual([]);
    expect(await run(registry.find('s'), 'x')).toBe('1');
    expect(await run(registry.find('s'), 'y')).toBe('2');
    await registry.stop(0);
  });

  it('brings back one whose snapshot has other bytes, with the older value', async () => {
    const { revision, registry, fix } = await damaged(() => 'UPDATE blobs SET content = zeroblob(9) WHERE seq = 10');
    expect(await fix(true)).toMatchObject({ badSnapshots: [10], keptIn: null });
    expect(await fix(false)).toMatchObject({ badSnapshots: [10], lastGood: revision, keptIn: expect.any(String) });
    expect(await run(registry.find('s'), 'x')).toBe('1');
    await registry.stop(0);
  });

  it('lets go of one of which nothing is left', async () => {
    const { id, registry, fix } = await damaged(
      () => "UPDATE entries SET line = replace(line, 'tester', 'nobody') WHERE seq = 1",
    );
    expect(await fix(false)).toMatchObject({ lastGood: 0 });
    expect([registry.damaged, registry.all()]).toEqual([[], []]);
    expect(() => registry.find(id)).toThrow('No session');
    await registry.stop(0);
  });
});
