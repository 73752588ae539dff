import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SessionHost } from '../../src/backend/session-host.js';
import { chainHash, GENESIS } from '../../src/session/chain.js';
import { archiveOf, backend, create, entriesOf, folded, order, plain, quiet, type Rig, run, successor } from './rig.js';
import { live, lives } from './scenario.js';

const RUNS = { numRuns: 50 };
const ID = '3f1b8f5e-6d43-4a35-9d0e-2f5a2f3a7c11';

/** Gives the same results whenever it runs, as long as it runs in order. */
const work = fc.array(fc.constantFrom('x := 1', 'x := 2', 'y := 3', 'forget x', 'x', 'y', 'raise', 'class A'), {
  minLength: 1,
  maxLength: 8,
});

const asForker = (at?: number) => ({ client: 'forker', at });

function expectChained({ journal }: Rig, { state }: SessionHost): void {
  let head = GENESIS;
  for (const { line, hash } of journal.read(state.id)) {
    head = chainHash(head, line);
    expect(hash).toBe(head);
  }
}

describe('a fork', () => {
  it('has everything up to its revision, verifies, is archived and imported, and leaves its origin as it is', async () => {
    await fc.assert(
      fc.asyncProperty(lives, fc.nat(), async (steps, place) => {
        const { rig, host, id } = await live(steps);
        const before = plain(rig.journal.read(id));
        const at = 1 + (place % host.state.revision);
        const fork = await rig.registry.fork(host, asForker(at));
        expect(plain(rig.journal.read(id))).toEqual(before);
        expectChained(rig, fork);

        const { revision } = fork.state.forkedFrom ?? { revision: 0 };
        const then = folded(rig, id, revision);
        expect(fork.state).toMatchObject({
          owner: 'forker',
          closed: null,
          pending: [],
          name: expect.not.stringMatching(`^${host.state.name}$`),
        });
        for (const part of ['context', 'bindings', 'classes', 'snapshots', 'labels', 'conflicts'] as const) {
          expect(plain(fork.state[part])).toEqual(plain(then[part]));
        }
        const archive = archiveOf(rig, fork);
        const away = backend();
        const { outcome, host: imported } = await away.registry.import(archive, { client: 'else', fork: false });
        expect(outcome).toBe('created');
        expect(plain(imported.state)).toEqual(plain(fork.state));
      }),
      RUNS,
    );
  });

  it('gives the results of its origin when it runs what followed there', async () => {
    await fc.assert(
      fc.asyncProperty(work, work, async (first, then) => {
        const rig = backend();
        const host = await create(rig);
        await run(host, ...first);
        const fork = await rig.registry.fork(host, asForker());
        const results = async (session: SessionHost) => {
          const printed = [];
          for (const code of then) {
            const { result } = await session.evaluate(order(code));
            printed.push([result.outcome, result.printString, result.error]);
          }
          return printed;
        };
        expect(await results(fork)).toEqual(await results(host));
        expect(plain(fork.state.classes)).toEqual(plain(host.state.classes));
      }),
      RUNS,
    );
  });

  it('at the revision of an evaluation has what that changed', async () => {
    const rig = backend();
    const host = await create(rig);
    const { result } = await host.evaluate(order('x := 1'));
    await run(host, 'x := 2');
    expect(await run(await rig.registry.fork(host, asForker(result.revision)), 'x')).toBe('1');
  });

  it('goes on by itself, and so does its origin', async () => {
    const rig = backend();
    const host = await create(rig);
    await run(host, 'x := 1');
    const fork = await rig.registry.fork(host, asForker());
    await run(fork, 'x := 2');
    await run(host, 'y := 3');
    expect([await run(host, 'x'), await run(host, 'y'), await run(fork, 'x'), await run(fork, 'y')]).toEqual([
      '1',
      '3',
      '2',
      'nil',
    ]);
    await rig.registry.remove(host);
    rig.engines.newest?.die();
    await quiet();
    expect(await run(fork, 'x')).toBe('2');
  });

  it('of a closed session is open', async () => {
    const rig = backend();
    const host = await create(rig);
    await run(host, 'x := 1');
    await host.close('requested', 'tester');
    const fork = await rig.registry.fork(host, asForker());
    expect(await run(fork, 'x')).toBe('1');
    expect(host.state.closed).toBe('requested');
  });

  it('is shared with nobody', async () => {
    const rig = backend();
    const host = await create(rig);
    await host.share(['friend'], 'tester');
    await host.share(null, 'tester');
    const fork = await rig.registry.fork(host, asForker());
    expect(rig.registry.visible('friend')).toEqual([host]);
    expect(rig.registry.visible('forker')).toEqual([host, fork]);
  });

  it('never runs what had no outcome at its revision, not even when the backend dies at once', async () => {
    const rig = backend();
    const host = await create(rig);
    const running = host.evaluate({ ...order('hang'), key: 'running' });
    const queued = host.evaluate({ ...order('x := 1'), key: 'queued' });
    await quiet();
    const fork = await rig.registry.fork(host, asForker());
    const commits = entriesOf(rig, fork.state.id).length;
    const next = await successor(rig);
    expect(entriesOf(rig, fork.state.id)).toHaveLength(commits);
    for (const key of ['running', 'queued']) {
      expect(await next.registry.find(fork.state.id).answer(key, 0)).toMatchObject({
        outcome: 'unknown',
        error: { class: 'Forked' },
      });
    }
    expect(await next.registry.find(host.state.id).answer('queued', 0)).toMatchObject({ outcome: 'value' });
    expect(next.engines.ran).toEqual(['x := 1']);
    rig.engines.newest?.interrupt();
    await Promise.allSettled([running, queued]);
  });

  it('is made once when it is asked for again with its id, also while it is made', async () => {
    const rig = backend();
    const host = await create(rig);
    const request = { id: ID, name: 'same', client: 'forker' };
    const forks = await Promise.all([rig.registry.fork(host, request), rig.registry.fork(host, request)]);
    expect(new Set([...forks, await rig.registry.fork(host, request)]).size).toBe(1);
    expect(rig.registry.all()).toHaveLength(2);
  });

  it.each([
    ['a revision that is not there', { at: 99 }, 'InvalidParameters'],
    ['revision 0', { at: 0 }, 'InvalidParameters'],
    ['a time before the session', { atTime: '2025-12-31T23:59:59.999Z' }, 'InvalidParameters'],
    ['a revision and a time at once', { at: 1, atTime: '2026-01-01T00:00:00.000Z' }, 'InvalidParameters'],
    ['another revision than expected', { ifRevision: 99 }, 'RevisionConflict'],
    ['a name that is taken', { name: 'origin', client: 'tester' }, 'NameTaken'],
    ['a name that is none', { name: '-' }, 'InvalidParameters'],
  ])('is refused at, or with, %s', async (_, request, type) => {
    const rig = backend();
    const host = await create(rig, 'tester', 'origin');
    await expect(rig.registry.fork(host, { client: 'forker', ...request })).rejects.toMatchObject({ type });
    expect(rig.registry.all()).toEqual([host]);
  });
});

describe('an archive with another history, imported as a fork', () => {
  async function diverged(here: string, there: string) {
    const home = backend();
    const host = await create(home, 'tester', 's');
    await host.contexts.change({ patch: { buffer: 'line\n' }, client: 'tester' });
    const away = backend();
    const { host: copy } = await away.registry.import(archiveOf(home, host), { client: 'else', fork: false });
    await Promise.all([host.contexts.change({ patch: { buffer: here }, client: 'tester' }), home.clock.pass(100)]);
    await copy.contexts.change({ patch: { buffer: there }, client: 'else' });
    const archive = archiveOf(away, copy);
    const imported = await home.registry.import(archive, { client: 'tester', fork: true });
    return { home, host, imported, archive };
  }

  it('becomes a session of its own, and its context is merged into the one that is here', async () => {
    const { host, imported } = await diverged('before\nline\n', 'line\nbehind\n');
    expect(imported).toMatchObject({ outcome: 'forked', conflicts: [] });
    expect(imported.host.state.context.buffer).toBe('line\nbehind\n');
    expect(host.state.context.buffer).toBe('before\nline\nbehind\n');
  });

  it('leaves what cannot be merged as a conflict', async () => {
    const { host, imported } = await diverged('ours\n', 'theirs\n');
    expect(imported.conflicts).toEqual([
      expect.objectContaining({ ours: 'ours\n', theirs: 'theirs\n', base: 'line\n' }),
    ]);
    expect(host.state.context.buffer).toBe('ours\n');
  });

  it('changes nothing when it is imported again, and tells of the same conflicts', async () => {
    const { home, host, imported, archive } = await diverged('ours\n', 'theirs\n');
    const { revision } = host.state;
    const again = await home.registry.import(archive, { client: 'tester', fork: true });
    expect(again).toMatchObject({ outcome: 'unchanged', conflicts: imported.conflicts });
    expect(again.host).toBe(imported.host);
    expect(host.state.revision).toBe(revision);
    expect(home.registry.all()).toHaveLength(2);
  });

  it('is a session of its own also where the two have nothing but the id in common', async () => {
    const [home, away] = [backend(), backend()];
    const host = await home.registry.create({ id: ID, name: 's', labels: {}, client: 'tester' });
    const other = await away.registry.create({ id: ID, name: 't', labels: {}, client: 'else' });
    await run(other, 'x := 1');
    const imported = await home.registry.import(archiveOf(away, other), { client: 'tester', fork: true });
    expect(await run(imported.host, 'x')).toBe('1');
    expect(host.state.revision).toBe(1);
  });
});
