import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ContextChange } from '../../src/backend/context-keeper.js';
import type { SessionHost } from '../../src/backend/session-host.js';
import { CONTEXT_WINDOW_MS, RECENT_CONTEXTS } from '../../src/backend/settings.js';
import { MAX_CONTEXT_BYTES } from '../../src/protocol/limits.js';
import type { Resolution } from '../../src/session/entry.js';
import { backend, create, entriesOf, folded, plain, quiet, type Rig, run, successor } from './rig.js';

type Patch = ContextChange['patch'];

async function session(first?: Patch) {
  const rig = backend();
  const host = await create(rig);
  if (first) await settled(rig, change(host, first));
  return { rig, host };
}

function change(host: SessionHost, patch: Patch, more: Partial<ContextChange> = {}) {
  return host.contexts.change({ patch, client: 'tester', ...more });
}

/** Lets the window pass in which changes are gathered. */
async function settled<T>({ clock }: Rig, task: Promise<T>): Promise<T> {
  const [result] = await Promise.all([task, clock.pass(CONTEXT_WINDOW_MS)]);
  return result;
}

const context = (host: SessionHost) => plain(host.state.context);
const written = (rig: Rig, host: SessionHost, type: string) =>
  entriesOf(rig, host.state.id).filter((entry) => entry.type === type);

/** Two changes of one part from the same revision, one after the other. */
async function collided(first: unknown, second: unknown, part = 'part') {
  const { rig, host } = await session({ [part]: 'base' });
  const base = host.state.revision;
  await settled(rig, change(host, { [part]: first }, { base }));
  const conflicts = await settled(rig, change(host, { [part]: second }, { base, client: 'other' }));
  return { rig, host, conflicts, base };
}

describe('a change of the context', () => {
  it('is never overwritten by who has not seen it', async () => {
    const part = fc.constantFrom('p', 'q', 'deep');
    // Two processes of one client, and one of another: each knows the context it has looked at last.
    const one = fc.record({ process: fc.nat(2), part, looks: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(one, { minLength: 1, maxLength: 4 }), { maxLength: 6 }), async (rounds) => {
        const { rig, host } = await session();
        const seen = [1, 1, 1];
        const set: { part: string; value: string; base: number }[] = [];
        for (const round of rounds) {
          const changes = round.map(({ process, part: name, looks }) => {
            if (looks) seen[process] = host.state.revision;
            const made = { part: name, value: `value ${set.length}`, base: seen[process] as number };
            set.push(made);
            const patch = name === 'deep' ? { deep: { er: made.value } } : { [name]: made.value };
            return change(host, patch, { base: made.base, client: process < 2 ? 'tester' : 'other' });
          });
          await settled(rig, Promise.all(changes));
        }
        const valueIn = (all: Record<string, unknown>, name: string) =>
          name === 'deep' ? (all.deep as { er: string } | undefined)?.er : all[name];
        for (const { part: name, value } of set) {
          const isKept = valueIn(host.state.context, name) === value;
          const isInConflict = host.state.conflicts.some(
            ({ theirs }) => theirs === value || valueIn({ [name]: theirs }, name) === value,
          );
          const isReplaced = set.some(
            (later) => later.part === name && valueIn(folded(rig, host.state.id, later.base).context, name) === value,
          );
          expect([value, isKept || isInConflict || isReplaced]).toEqual([value, true]);
        }
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ['a value', 'base'],
    ['a removal', null],
  ])('to what its client had seen there is a conflict where another one changed it since: %s', async (_, seen) => {
    const { rig, host } = await session(seen === null ? { other: 1 } : { part: seen });
    const base = host.state.revision;
    await settled(rig, change(host, { part: 'changed' }, { client: 'other' }));
    const conflicts = await settled(rig, change(host, { part: seen }, { base }));
    expect(conflicts).toEqual([expect.objectContaining({ path: ['part'], ours: 'changed' })]);
    expect(context(host)).toMatchObject({ part: 'changed' });
  });

  it('that comes alone is written at once', async () => {
    const { host } = await session();
    await change(host, { a: 1 });
    expect(context(host)).toEqual({ a: 1 });
  });

  it('that comes soon after others is written together with them, and answered when it is durable', async () => {
    const { rig, host } = await session();
    await change(host, { first: true });
    const answered: number[] = [];
    const changes = Array.from({ length: 20 }, (_, n) =>
      change(host, { [`n${n}`]: n }).then(() => {
        expect(folded(rig, host.state.id).context[`n${n}`]).toBe(n);
        answered.push(n);
      }),
    );
    await quiet();
    expect(answered).toEqual([]);
    await settled(rig, Promise.all(changes));
    expect(answered).toHaveLength(20);
    expect(written(rig, host, 'context')).toHaveLength(2);
  });

  it('waits for no more than the rest of the window since the last one was written', async () => {
    const { rig, host } = await session();
    await change(host, { first: true });
    await rig.clock.pass(CONTEXT_WINDOW_MS / 2);
    const second = change(host, { second: true });
    await rig.clock.pass(CONTEXT_WINDOW_MS / 2 - 1);
    expect(context(host)).toEqual({ first: true });
    await rig.clock.pass(1);
    expect(context(host)).toEqual({ first: true, second: true });
    await second;
  });

  it('with a condition is an entry of its own, before and behind others of its client', async () => {
    const { rig, host } = await session();
    await change(host, { first: true });
    const condition = { ifRevision: host.state.revision };
    const [bound, free] = [change(host, { bound: 1 }, condition), change(host, { free: 1 })];
    await settled(rig, Promise.all([bound, free]));
    const patches = written(rig, host, 'context').map((entry) => ('patch' in entry ? entry.patch : undefined));
    expect(patches).toEqual([{ first: true }, { bound: 1 }, { free: 1 }]);
  });

  it('that was answered survives a crash', async () => {
    const { rig, host } = await session();
    await settled(rig, Promise.all([change(host, { a: 1 }), change(host, { b: 2 })]));
    const next = await successor(rig);
    expect(context(next.registry.find(host.state.id))).toEqual({ a: 1, b: 2 });
  });

  it('keeps the odd parts of foreign clients as they are', async () => {
    const odd = JSON.parse('{"mine": [null, {"a": null}], "constructor": {"deep": ["x"]}, "__proto__": {"y": 1}}');
    const { rig, host } = await session(odd);
    await settled(rig, change(host, { buffer: 'text' }, { base: 1 }));
    expect(JSON.stringify(context(host))).toBe(JSON.stringify({ ...plain(host.state.context) }));
    expect(Object.keys(host.state.context).sort()).toEqual(['__proto__', 'buffer', 'constructor', 'mine']);
    expect(plain(host.state.context.mine)).toEqual([null, { a: null }]);
  });

  it('is refused when it makes a layout that is none, and takes no other one along', async () => {
    const { rig, host } = await session({ n: 0 });
    const all = Promise.allSettled([change(host, { a: 1 }), change(host, { layout: 3 }), change(host, { b: 2 })]);
    const outcomes = await settled(rig, all);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { type: 'InvalidParameters' } });
    expect(context(host)).toEqual({ n: 0, a: 1, b: 2 });
  });

  it('is refused when the context would be larger than is kept, and changes nothing', async () => {
    const { rig, host } = await session({ a: 'x'.repeat(MAX_CONTEXT_BYTES / 2) });
    const { revision } = host.state;
    const tooMuch = settled(rig, change(host, { b: 'x'.repeat(MAX_CONTEXT_BYTES / 2) }));
    await expect(tooMuch).rejects.toMatchObject({
      type: 'LimitExceeded',
      details: { limit: 'contextBytes', most: MAX_CONTEXT_BYTES },
    });
    expect(host.state.revision).toBe(revision);
  });

  it('is refused at another revision than expected, also where it would make no difference', async () => {
    const { rig, host } = await session({ a: 1 });
    for (const patch of [{ a: 2 }, { a: 1 }]) {
      const stale = settled(rig, change(host, patch, { ifRevision: 1 }));
      await expect(stale).rejects.toMatchObject({ type: 'RevisionConflict', details: { revision: 2 } });
    }
    await settled(rig, change(host, { a: 2 }, { ifRevision: 2 }));
    expect(context(host)).toEqual({ a: 2 });
  });

  it('of a closed session is refused', async () => {
    const { rig, host } = await session();
    await host.close('requested', 'tester');
    await expect(settled(rig, change(host, { a: 1 }))).rejects.toMatchObject({ type: 'SessionClosed' });
  });

  it('from a revision that is still to come is refused', async () => {
    const { rig, host } = await session();
    await expect(settled(rig, change(host, { a: 1 }, { base: 2 }))).rejects.toMatchObject({
      type: 'InvalidParameters',
    });
  });

  it('from a revision that memory has forgotten is merged with all that came since', async () => {
    const { rig, host } = await session({ buffer: 'one\n' });
    const base = host.state.revision;
    for (let n = 0; n <= RECENT_CONTEXTS; n += 1) await settled(rig, change(host, { buffer: `${n}\none\n` }));
    const conflicts = await settled(rig, change(host, { buffer: 'one\nend\n' }, { base }));
    expect(conflicts).toEqual([]);
    expect(context(host)).toEqual({ buffer: `${RECENT_CONTEXTS}\none\nend\n` });
    expect(written(rig, host, 'context').at(-1)).toMatchObject({ base });
  });

  it('that a full disk does not take changes nothing, says so, and can be made again', async () => {
    const { rig, host } = await session({ a: 1 });
    rig.journal.full = () => true;
    await expect(settled(rig, change(host, { a: 2 }, { key: 'k' }))).rejects.toMatchObject({ type: 'StorageFull' });
    expect(context(host)).toEqual({ a: 1 });
    rig.journal.full = () => false;
    await settled(rig, change(host, { a: 2 }, { key: 'k' }));
    expect(context(host)).toEqual({ a: 2 });
  });

  it('is taken by a backend that stops before it is answered, or not at all', async () => {
    const { rig, host } = await session({ a: 1 });
    const late = change(host, { a: 2 });
    await rig.registry.stop(0);
    await expect(settled(rig, late)).rejects.toMatchObject({ type: 'ShuttingDown' });
    expect(context(host)).toEqual({ a: 1 });
  });
});

describe('a key that was answered', () => {
  it.each<[string, Patch]>([
    ['changed something', { a: 1 }],
    ['made no difference', { a: 'base' }],
  ])('changes nothing when it comes again, where it %s', async (_, patch) => {
    const { rig, host } = await session({ a: 'base' });
    await settled(rig, change(host, patch, { key: 'k' }));
    await settled(rig, change(host, { a: 2 }));
    const { revision } = host.state;
    await settled(rig, change(host, patch, { key: 'k' }));
    expect(context(host)).toEqual({ a: 2 });
    const next = await successor(rig);
    const again = next.registry.find(host.state.id);
    await settled(next, change(again, patch, { key: 'k' }));
    expect(again.state).toMatchObject({ revision, context: { a: 2 } });
  });

  it('belongs to what was asked for under it: another change is refused, also after a restart and beside it', async () => {
    const { rig, host } = await session({ a: 'base' });
    await settled(rig, change(host, { a: 1, b: { c: 1, d: 2 } }, { key: 'k' }));
    const { revision } = host.state;
    const refused = { type: 'KeyConflict', message: expect.stringContaining('key k belongs to another change') };
    await expect(settled(rig, change(host, { a: 2 }, { key: 'k' }))).rejects.toMatchObject(refused);
    await settled(rig, change(host, { b: { d: 2, c: 1 }, a: 1 }, { key: 'k', base: 1 }));
    const next = await successor(rig);
    const again = next.registry.find(host.state.id);
    await expect(settled(next, change(again, { a: 2 }, { key: 'k' }))).rejects.toMatchObject(refused);
    expect(again.state).toMatchObject({ revision, context: { a: 1 } });
    const twins = [change(again, { a: 3 }, { key: 'twin' }), change(again, { a: 4 }, { key: 'twin' })];
    const [first, second] = await settled(next, Promise.allSettled(twins));
    expect([first?.status, second]).toMatchObject(['fulfilled', { reason: { type: 'KeyConflict' } }]);
    expect(context(again)).toMatchObject({ a: 3 });
  });

  it('belongs to the change that met a conflict, too', async () => {
    const { rig, host } = await session({ a: 'base' });
    await settled(rig, change(host, { a: 1 }));
    await settled(rig, change(host, { a: 2 }, { base: 2, key: 'k' }));
    const other = settled(rig, change(host, { a: 3 }, { base: 2, key: 'k' }));
    await expect(other).rejects.toMatchObject({ type: 'KeyConflict' });
    expect(host.state.conflicts).toHaveLength(1);
  });

  it('answers without a look at the content where an earlier version took it, which kept none', async () => {
    const { rig, host } = await session({ a: 'base' });
    const body = { type: 'context', patch: { a: 1 }, keys: ['k'] } as const;
    await rig.journal.append(host.state.id, [{ client: 'tester', time: rig.clock.now().toISOString(), body }]);
    await settled(rig, change(host, { a: 1 }, { key: 'k' }));
    expect(context(host)).toEqual({ a: 1 });
    expect(written(rig, host, 'context')).toHaveLength(2);
  });

  it('changes something once when it comes again before it is answered', async () => {
    const { rig, host } = await session({ n: 0 });
    const all = [change(host, { a: 1 }, { key: 'k' }), change(host, { a: 2 }), change(host, { a: 1 }, { key: 'k' })];
    await settled(rig, Promise.all(all));
    expect(context(host)).toEqual({ n: 0, a: 2 });
  });

  it('finds its conflict again, until that is decided', async () => {
    const { rig, host } = await session({ a: 'base' });
    await settled(rig, change(host, { a: 1 }));
    const stale = () => settled(rig, change(host, { a: 2 }, { base: 2, key: 'k', client: 'other' }));
    const first = await stale();
    expect(first).toHaveLength(1);
    expect(await stale()).toEqual(first);
    expect(host.state.conflicts).toHaveLength(1);
    await host.contexts.resolve(first[0]?.id as string, { choice: 'ours', client: 'tester' });
    expect(await stale()).toEqual([]);
    expect(host.state.conflicts).toEqual([]);
  });
});

describe('a conflict', () => {
  it.each([
    ['one\n', 'two\n'],
    ['two\n', 'one\n'],
  ])('on the same line keeps what came first: %j, then %j', async (first, second) => {
    const { host, conflicts, base } = await collided(first, second, 'buffer');
    expect(context(host)).toEqual({ buffer: first });
    expect(conflicts).toEqual([
      expect.objectContaining({
        path: ['buffer'],
        base: 'base',
        ours: first,
        theirs: second,
        baseRevision: base,
        client: 'other',
      }),
    ]);
    expect(host.state.conflicts).toEqual(conflicts);
  });

  it('between a removal and a change says which side has no value', async () => {
    expect((await collided(null, 'theirs')).conflicts[0]).not.toHaveProperty('ours');
    expect((await collided('ours', null)).conflicts[0]).not.toHaveProperty('theirs');
  });

  it.each<[Resolution, unknown, unknown, unknown, unknown]>([
    ['ours', [1], [2], undefined, [1]],
    ['theirs', [1], [2], undefined, [2]],
    ['theirs', [1], null, undefined, undefined],
    ['union', [1], [2], undefined, [1, 2]],
    ['union', null, 'theirs', undefined, 'theirs'],
    ['value', [1], [2], { b: 1 }, { b: 1 }],
    ['value', [1], [2], null, undefined],
  ])('is decided for %s, once', async (choice, first, second, value, result) => {
    const { rig, host, conflicts } = await collided(first, second);
    const decision = { choice, value, client: 'tester' };
    const id = conflicts[0]?.id as string;
    expect(await host.contexts.resolve(id, decision)).toEqual(conflicts[0]);
    expect(context(host)).toEqual(result === undefined ? {} : { part: result });
    expect(host.state.conflicts).toEqual([]);
    await expect(host.contexts.resolve(id, decision)).rejects.toMatchObject({ type: 'ConflictNotFound' });
    const next = await successor(rig);
    expect(plain(next.registry.find(host.state.id).state)).toEqual(plain(host.state));
  });

  it('of numbers has no union', async () => {
    const { host, conflicts } = await collided(1, 2);
    const union = host.contexts.resolve(conflicts[0]?.id as string, { choice: 'union', client: 'tester' });
    await expect(union).rejects.toMatchObject({ type: 'NotResolvable' });
    expect(host.state.conflicts).toHaveLength(1);
  });

  it('is not decided for a value that is not given', async () => {
    const { host, conflicts } = await collided(1, 2);
    const nothing = host.contexts.resolve(conflicts[0]?.id as string, { choice: 'value', client: 'tester' });
    await expect(nothing).rejects.toMatchObject({ type: 'InvalidParameters' });
    expect(context(host)).toEqual({ part: 1 });
  });

  it('whose place is gone can still be decided for what is there', async () => {
    const { rig, host } = await session({ a: { b: 'base' } });
    await settled(rig, change(host, { a: { b: 1 } }));
    const [conflict] = await settled(rig, change(host, { a: { b: 2 } }, { base: 2 }));
    await settled(rig, change(host, { a: 3 }));
    const id = conflict?.id as string;
    await expect(host.contexts.resolve(id, { choice: 'theirs', client: 'tester' })).rejects.toMatchObject({
      type: 'NotResolvable',
    });
    await host.contexts.resolve(id, { choice: 'ours', client: 'tester' });
    expect(host.state).toMatchObject({ context: { a: 3 }, conflicts: [] });
  });

  it('is found by the beginning of its id, when no other one begins like it', async () => {
    const { rig, host, conflicts, base } = await collided(1, 2);
    await settled(rig, change(host, { part: 3 }, { base }));
    const decision = { choice: 'ours', client: 'tester' } as const;
    for (const unknown of ['', 'no such id']) {
      await expect(host.contexts.resolve(unknown, decision)).rejects.toMatchObject({ type: 'ConflictNotFound' });
    }
    await host.contexts.resolve(String(conflicts[0]?.id).slice(0, 13), decision);
    expect(host.state.conflicts.map(({ theirs }) => theirs)).toEqual([3]);
  });

  it('is decided only at the revision that is expected', async () => {
    const { host, conflicts } = await collided(1, 2);
    const id = conflicts[0]?.id as string;
    const decision = { choice: 'theirs', client: 'tester' } as const;
    await expect(host.contexts.resolve(id, { ...decision, ifRevision: 1 })).rejects.toMatchObject({
      type: 'RevisionConflict',
    });
    await host.contexts.resolve(id, { ...decision, ifRevision: host.state.revision });
    expect(context(host)).toEqual({ part: 2 });
  });
});

describe('going back to a revision', () => {
  it('gives the context of then, which is a change as any other for those who have seen a later one', async () => {
    const { rig, host } = await session({ a: 1 });
    await run(host, 'x := 1');
    await settled(rig, change(host, { a: 2, b: 2 }));
    const base = host.state.revision;
    await host.restore({ plan: false, strategy: 'snapshot', client: 'tester', at: 2 });
    expect(context(host)).toEqual({ a: 1 });
    const conflicts = await settled(rig, change(host, { a: 3 }, { base }));
    expect(conflicts).toEqual([expect.objectContaining({ path: ['a'], base: 2, ours: 1, theirs: 3 })]);
  });
});

describe('a key that was answered for something else', () => {
  const refused = { type: 'KeyConflict' };

  it('of another change is a conflict, and not an answer to what was never made', async () => {
    const { rig, host } = await session();
    await settled(rig, change(host, { buffer: 'one' }, { key: 'k' }));
    await expect(settled(rig, change(host, { buffer: 'two' }, { key: 'k' }))).rejects.toMatchObject(refused);
    expect(context(host)).toEqual({ buffer: 'one' });
  });

  it('of another change that comes with it is a conflict, too', async () => {
    const { rig, host } = await session();
    const first = change(host, { buffer: 'one' }, { key: 'k' });
    const same = change(host, { buffer: 'one' }, { key: 'k' });
    const second = change(host, { buffer: 'two' }, { key: 'k' });
    const told = Promise.allSettled([first, same, second]);
    expect((await settled(rig, told)).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(context(host)).toEqual({ buffer: 'one' });
  });

  it('of another change that met a conflict is a conflict', async () => {
    const { rig, host, base } = await collided('first', 'second');
    const more = { base, client: 'other', key: 'k' };
    const conflicts = await settled(rig, change(host, { part: 'third' }, more));
    expect(conflicts).toHaveLength(1);
    expect(await settled(rig, change(host, { part: 'third' }, more))).toEqual(conflicts);
    await expect(settled(rig, change(host, { part: 'fourth' }, more))).rejects.toMatchObject(refused);
  });

  it('is a conflict also after a restart', async () => {
    const { rig, host } = await session();
    await settled(rig, change(host, { buffer: 'one' }, { key: 'k' }));
    const next = await successor(rig);
    const again = next.registry.find(host.state.id);
    expect(await settled(next, change(again, { buffer: 'one' }, { key: 'k' }))).toEqual([]);
    await expect(settled(next, change(again, { buffer: 'two' }, { key: 'k' }))).rejects.toMatchObject(refused);
  });

  it('says the same of the same change made from what it had led to, which has less left to change', async () => {
    const { rig, host } = await session({ part: { a: 1 } });
    await settled(rig, change(host, { part: { a: 2, b: 3 } }, { key: 'k' }));
    await settled(rig, change(host, { other: 1 }));
    const revision = host.state.revision;
    expect(await settled(rig, change(host, { part: { b: 3 } }, { key: 'k' }))).toEqual([]);
    expect(host.state.revision).toBe(revision);
  });

  it('of a change that a backend of before made, which kept no digest, is an answer as it was then', async () => {
    const { rig, host } = await session();
    const body = { type: 'context', patch: { buffer: 'one' }, keys: ['k'] } as const;
    await rig.journal.append(host.state.id, [{ client: 'tester', time: '2026-01-01T00:00:00.000Z', body }]);
    const next = await successor(rig);
    const again = next.registry.find(host.state.id);
    expect(await settled(next, change(again, { buffer: 'two' }, { key: 'k' }))).toEqual([]);
    expect(context(again)).toEqual({ buffer: 'one' });
  });
});
