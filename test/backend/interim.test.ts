import { describe, expect, it } from '@jest/globals';
import { SessionRegistry } from '../../src/backend/registry.js';
import { MemoryJournal } from '../journal/memory-journal.js';
import { ToyFactory } from './toy-engine.js';

function setUp() {
  const engines = new ToyFactory();
  const journal = new MemoryJournal();
  const registry = new SessionRegistry({ journal, engines, now: () => new Date(), log: () => {} });
  return { engines, journal, registry };
}

const session = { labels: {}, client: 'tester' };
const order = (code: string, key: string) => ({ key, code, client: 'tester', timeoutMs: 1000 });

describe('interim replies', () => {
  it('say that an evaluation is durable, then that it runs, then the answer comes', async () => {
    const { registry, journal } = setUp();
    const host = await registry.create(session);
    const told: string[] = [];
    journal.onCommit((_, entries) => told.push(`committed ${entries.map(({ entry }) => entry.type).join(' ')}`));
    await host.evaluate({ ...order('x := 3', 'k'), progress: (status) => told.push(status) });
    expect(told).toEqual(['committed input', 'accepted', 'running', 'committed output snapshot']);
  });

  it('tell who asks again that it is accepted, and tell nobody that it runs twice', async () => {
    const { registry, engines } = setUp();
    const host = await registry.create(session);
    const first = host.evaluate(order('hang', 'k'));
    while (engines.ran.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const told: unknown[] = [];
    const second = host.evaluate({ ...order('hang', 'k'), progress: (...about) => told.push(about) });
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([['accepted', { key: 'k', session: host.state.id, revision: 2 }]]);
    engines.engines[0]?.interrupt();
    await Promise.all([first, second]);
    expect(engines.ran).toEqual(['hang']);
  });
});

describe('running again', () => {
  it('is for evaluations with an unknown outcome, and is a new entry that names the old one', async () => {
    const { registry, engines, journal } = setUp();
    const host = await registry.create(session);
    await host.evaluate(order('die', 'k'));
    await host.evaluate({ ...order('die', 'again'), rerunOf: 'k' });
    expect(engines.ran).toEqual(['die', 'die']);
    const inputs = journal.read(host.state.id).flatMap(({ entry }) => (entry.type === 'input' ? [entry] : []));
    expect(inputs.map(({ key, replayOf }) => [key, replayOf])).toEqual([
      ['k', undefined],
      ['again', inputs[0]?.seq],
    ]);
  });

  it('is not taken for the answer to a rerun of something else under the same key', async () => {
    const { registry, engines } = setUp();
    const host = await registry.create(session);
    for (const key of ['a', 'b']) await host.evaluate(order('die', key));
    await host.evaluate({ ...order('die', 'again'), rerunOf: 'a' });
    const other = host.evaluate({ ...order('die', 'again'), rerunOf: 'b' });
    await expect(other).rejects.toMatchObject({ type: 'KeyConflict' });
    expect((await host.evaluate({ ...order('die', 'again'), rerunOf: 'a' })).result.fromJournal).toBe(true);
    expect(engines.ran).toHaveLength(3);
  });

  it('is refused where the outcome is known, or there is no such evaluation', async () => {
    const { registry, engines } = setUp();
    const host = await registry.create(session);
    await host.evaluate(order('x := 3', 'k'));
    const known = host.evaluate({ ...order('x := 3', 'again'), rerunOf: 'k' });
    await expect(known).rejects.toMatchObject({ type: 'SessionError' });
    const missing = host.evaluate({ ...order('x := 3', 'again'), rerunOf: 'nothing' });
    await expect(missing).rejects.toMatchObject({ type: 'EvaluationNotFound' });
    expect(engines.ran).toEqual(['x := 3']);
  });
});
