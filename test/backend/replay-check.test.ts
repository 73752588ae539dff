import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SessionRegistry } from '../../src/backend/registry.js';
import { checkByReplay } from '../../src/backend/replay-check.js';
import { createEmbeddedEngineFactory } from '../../src/engine/embedded/factory.js';
import type { Entry } from '../../src/session/entry.js';
import { engineRig } from '../engine/embedded/engine-under-test.js';
import { MemoryJournal } from '../journal/memory-journal.js';
import { backend, create, entriesOf, handlersOf, kill, order, type Rig, run, successor } from './rig.js';
import { live, lives } from './scenario.js';
import { ToyFactory } from './toy-engine.js';

const check = (entries: Iterable<Entry>) => checkByReplay(entries, new ToyFactory());

async function session(...codes: readonly string[]) {
  const rig = backend();
  const host = await create(rig);
  await run(host, ...codes);
  return { rig, host };
}

/** What somebody makes of a journal who wants to have had another result. */
function tampered(rig: Rig, id: string, code: string, more: object): Entry[] {
  const entries = entriesOf(rig, id);
  const input = entries.find((entry) => entry.type === 'input' && entry.code === code);
  return entries.map((entry) =>
    entry.type === 'output' && input?.type === 'input' && entry.key === input.key ? { ...entry, ...more } : entry,
  );
}

describe('a replay of a session', () => {
  it('has the results that the session had, through crashes, restores to any point, forks and replays', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (steps) => {
        const { rig, host, id } = await live(steps);
        const fork = await rig.registry.fork(host, { client: 'tester' });
        for (const session of [id, fork.state.id]) {
          const { inputs, same, differing, skipped } = await check(entriesOf(rig, session));
          expect(differing).toEqual([]);
          expect(same).toBe(inputs);
          expect(inputs + skipped.length).toBe(host.state.evaluations);
        }
      }),
      { numRuns: 80 },
    );
  });

  it.each<[string, object, string, string]>([
    ['another value', { printString: '2' }, '2 (Toy)', '1 (Toy)'],
    ['another class', { class: 'Other' }, '1 (Other)', '1 (Toy)'],
    ['more in the transcript', { transcript: 'hello' }, '1 (Toy); wrote "hello"', '1 (Toy)'],
    ['an error', { outcome: 'error', error: { class: 'E', message: 'm', stack: [] } }, 'E: m', '1 (Toy)'],
  ])('differs where the journal has %s', async (_, more, recorded, replayed) => {
    const { rig, host } = await session('x := 1', 'y := 2');
    const { differing, same } = await check(tampered(rig, host.state.id, 'x := 1', more));
    expect(differing).toEqual([{ revision: 2, code: 'x := 1', recorded, replayed }]);
    expect(same).toBe(1);
  });

  it('loses what the session lost: what cannot be saved, and what was too big to be saved in time', async () => {
    const { rig, host } = await session('x := 1', 'block b', 'big z');
    await kill(rig);
    await run(host, 'x', 'b', 'z');
    const { differing, same } = await check(entriesOf(rig, host.state.id));
    expect([differing, same]).toEqual([[], 6]);
    expect((await check(tampered(rig, host.state.id, 'b', { printString: 'block' }))).differing).toHaveLength(1);
  });

  it('has what the session could save in time', async () => {
    const { rig, host } = await session('big z');
    await host.save();
    await kill(rig);
    expect(await run(host, 'z')).toBe('big');
    expect((await check(entriesOf(rig, host.state.id))).differing).toEqual([]);
  });

  it('names what it passes over, and why', async () => {
    const { rig, host } = await session('x := 1', 'die');
    await host.evaluate({ ...order('y := 2'), recordAs: 'y := [redacted]' });
    rig.engines.unavailable = true;
    await kill(rig);
    await run(host, 'x');
    const { inputs, skipped } = await check(entriesOf(rig, host.state.id));
    expect(inputs).toBe(1);
    expect(skipped.map(({ reason }) => reason)).toEqual([
      'nobody knows how far it ran',
      'its code held secrets and was not kept',
      'it never ran',
    ]);
  });

  it('leaves no engine behind, and the session alone', async () => {
    const { rig, host } = await session('x := 1', 'block b');
    await kill(rig);
    await run(host, 'x');
    const { revision } = host.state;
    const factory = new ToyFactory();
    await checkByReplay(entriesOf(rig, host.state.id), factory);
    expect(factory.engines.map(({ hasEnded }) => hasEnded)).toEqual([true, true]);
    expect(host.state.revision).toBe(revision);
  });

  it('is part of a verification that asks for it, which fails where something differs', async () => {
    const { rig, host } = await session('x := 1');
    const handlers = handlersOf(rig);
    const verify = async (replay: boolean) =>
      (await handlers.verify_session({ session_id: host.state.id, replay }, () => {})).report;
    expect(await verify(false)).toMatchObject({ verified: true, replay: null });
    expect(await verify(true)).toMatchObject({ verified: true, replay: { inputs: 1, same: 1 } });
    await host.close('requested', 'tester');
    const closed = await successor(rig);
    const [{ report }] = [
      await handlersOf(closed).verify_session({ session_id: host.state.id, replay: true }, () => {}),
    ];
    expect(report).toMatchObject({ verified: true, revision: host.state.revision });
  });
});

describe('with the embedded engine', () => {
  const embedded = engineRig();

  it('a session that went through a restart and back to an earlier revision verifies, and a tampered one does not', async () => {
    const engines = createEmbeddedEngineFactory(embedded.factoryOptions());
    const journal = new MemoryJournal();
    const open = () => new SessionRegistry({ journal, engines, now: () => new Date(), log: () => {} });
    const first = open();
    const { id } = (await create({ registry: first } as Rig)).state;
    await run(first.find(id), 'list := OrderedCollection new', 'list add: 3; add: 4', 'b := [ 5 ]', 'b value');
    const at = first.find(id).state.revision;
    await run(first.find(id), 'list add: 6', 'Transcript show: list size printString', '1 / 0');
    await first.stop(1000);

    const second = open();
    await second.start();
    const host = second.find(id);
    await run(host, 'b', 'list');
    await host.restore({ plan: false, strategy: 'snapshot', client: 'tester', at });
    expect(await run(host, 'list')).toBe('an OrderedCollection(3 4)');
    await second.stop(1000);

    const entries = journal.read(id).map(({ entry }) => entry);
    const { differing, inputs, same } = await checkByReplay(entries, engines);
    expect([differing, same]).toEqual([[], inputs]);
    expect(inputs).toBe(10);
    const forged = entries.map((entry) =>
      entry.type === 'output' && entry.printString === '5' ? { ...entry, printString: '6' } : entry,
    );
    expect((await checkByReplay(forged, engines)).differing).toEqual([expect.objectContaining({ code: 'b value' })]);
    await engines.close();
  });
});
