import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inputsUpTo, stateAt } from '../../src/backend/point-in-time.js';
import { entryProblem } from '../../src/session/entry-schema.js';
import { fold } from '../../src/session/state.js';
import { archiveOf, backend, create, entriesOf, folded, order, plain, quiet, run } from './rig.js';
import { type Life, live, lives } from './scenario.js';

const RUNS = { numRuns: 60 };

/** What a restore at a revision has to bring back, and must say of what it does not. */
async function expectBack({ rig, host, id, held }: Life, revision: number): Promise<void> {
  // An evaluation's revision is that of its output; what it changed comes right behind.
  const entries = entriesOf(rig, id);
  let upTo = revision;
  while (entries[upTo]?.type === 'snapshot') upTo += 1;
  const then = folded(rig, id, upTo);
  const plan = await host.restore({ plan: true, strategy: 'snapshot', client: 'tester', at: revision });
  const report = await host.restore({ plan: false, strategy: 'snapshot', client: 'tester', at: revision });
  const { revision: _, plan: __, durationMs: ___, ...done } = report;
  expect(plan).toMatchObject(done);
  expect(plain(host.state.context)).toEqual(plain(then.context));
  expect(report.classes).toEqual([...then.classes].sort());

  const values = rig.engines.newest?.values ?? {};
  const before = held.get(revision);
  const told = new Map(report.bindings.map((binding) => [binding.name, binding]));
  const definitions = new Map(report.definitions.map((definition) => [definition.name, definition]));
  for (const name of Object.keys(values)) expect([...told.keys(), ...definitions.keys()]).toContain(name);
  if (!before) return;
  for (const [name, value] of Object.entries(before)) {
    const { fidelity, reason } = told.get(name) ?? definitions.get(name) ?? {};
    expect(fidelity).toEqual(expect.stringMatching(/^(snapshot|lost)$/));
    if (fidelity === 'snapshot' && !reason?.includes('may have changed')) expect(values[name]).toBe(value);
  }
}

describe('a session as it was at a revision', () => {
  it('is the fold of the entries up to there, also from any checkpoint', async () => {
    await fc.assert(
      fc.asyncProperty(lives, fc.nat(), async (steps, place) => {
        const { rig, id, host } = await live(steps);
        const { revision } = host.state;
        const kept = 1 + (place % revision);
        const { hash } = rig.journal.read(id, { after: kept - 1, upTo: kept })[0] ?? { hash: '' };
        rig.journal.saveCheckpoint(id, { revision: kept, hash, state: JSON.stringify(folded(rig, id, kept)) });
        for (let at = 1; at <= revision; at += 1) {
          const state = await stateAt(rig.journal, id, at);
          expect(plain(state)).toEqual(plain(folded(rig, id, at)));
          expect(Object.getPrototypeOf(state.context)).toBeNull();
        }
        expect(plain(host.state)).toEqual(plain(folded(rig, id)));
      }),
      RUNS,
    );
  });

  it('comes back by a restore, whatever became of the session since, and what does not is named', async () => {
    await fc.assert(
      fc.asyncProperty(lives, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), async (steps, places) => {
        const life = await live(steps);
        for (const place of places) await expectBack(life, 1 + (place % life.host.state.revision));
      }),
      RUNS,
    );
  });

  it('is the same when the backend and its engine end right after a restore', async () => {
    await fc.assert(
      fc.asyncProperty(lives, fc.nat(), fc.constantFrom('snapshot', 'none'), async (steps, place, strategy) => {
        const { rig, host } = await live(steps);
        const at = 1 + (place % host.state.revision);
        await host.restore({ plan: false, strategy, client: 'tester', at });
        const values = { ...rig.engines.newest?.values };
        rig.engines.newest?.die();
        await quiet();
        const report = await host.restore({ plan: false, strategy: 'snapshot', client: 'tester' });
        expect(rig.engines.newest?.values).toEqual(values);
        for (const { name, fidelity } of report.bindings)
          if (fidelity !== 'lost') expect(values).toHaveProperty([name]);
      }),
      RUNS,
    );
  });
});

describe('what a backend writes', () => {
  it('is accepted by the schema of entries, comes through an archive, and gives the same state elsewhere', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (steps) => {
        const { rig, host, id } = await live(steps);
        for (const entry of entriesOf(rig, id)) expect(entryProblem(entry)).toBeUndefined();
        const archive = archiveOf(rig, host);
        expect(plain(archive.state)).toEqual(plain(host.state));
        const away = backend();
        const imported = await away.registry.import(archive, { client: 'else', fork: false });
        expect(plain(imported.host.state)).toEqual(plain(fold(archive.entries.map(({ entry }) => entry))));
      }),
      RUNS,
    );
  });
});

describe('the inputs that made a session what it is', () => {
  async function effectiveCodes(at: readonly number[], ...codes: readonly string[]): Promise<string[]> {
    const rig = backend();
    const host = await create(rig);
    await run(host, ...codes);
    for (const revision of at) {
      await host.restore({ plan: false, strategy: 'snapshot', client: 'tester', at: revision });
    }
    const { answered } = await inputsUpTo(rig.journal, host.state.id, host.state.revision);
    return answered.map(({ input }) => input.code);
  }

  // Every evaluation takes three entries, the first of them 2 to 4.
  it.each<[string, number[], string[]]>([
    ['are all, where nothing was left', [], ['x := 1', 'x := 2', 'x := 3']],
    ['are those up to where a restore went back', [7], ['x := 1', 'x := 2']],
    ['are those up to where the last one went, farther back', [7, 4], ['x := 1']],
    ['are those on the way that an earlier restore left', [4, 10], ['x := 1', 'x := 2', 'x := 3']],
    ['are none, before the first', [1], []],
  ])('%s', async (_, at, codes) => {
    expect(await effectiveCodes(at, 'x := 1', 'x := 2', 'x := 3')).toEqual(codes);
  });

  it('count one that ran again once', async () => {
    const rig = backend();
    const host = await create(rig);
    await host.evaluate({ ...order('die'), key: 'unknown' });
    await host.evaluate({ ...order('die'), key: 'again', rerunOf: 'unknown' });
    const { answered } = await inputsUpTo(rig.journal, host.state.id, host.state.revision);
    expect(answered.map(({ input }) => input.key)).toEqual(['again']);
  });
});
