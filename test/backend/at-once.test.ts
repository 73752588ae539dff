/** Requests that come in one turn of the event loop: what one looks at is not what another has changed by then. */
import { describe, expect, it } from '@jest/globals';
import { archiveOf, create, handlersOf, type RigOptions, backend as rigWith, run, TestJournal } from './rig.js';

/** As the real one: nothing is there in the turn in which it is asked for. */
class UnhurriedJournal extends TestJournal {
  override async append(...parameters: Parameters<TestJournal['append']>) {
    await new Promise((resolve) => setImmediate(resolve));
    return super.append(...parameters);
  }

  override async adopt(...parameters: Parameters<TestJournal['adopt']>) {
    await new Promise((resolve) => setImmediate(resolve));
    return super.adopt(...parameters);
  }
}

const backend = (options: RigOptions = {}) => rigWith({ journal: new UnhurriedJournal(), ...options });

const outcomes = (settled: readonly PromiseSettledResult<unknown>[]) => settled.map(({ status }) => status).sort();

describe('at once', () => {
  it('ten sessions of a client that may have two: two are made', async () => {
    const rig = backend({ limits: { maxSessions: 2 } });
    const made = await Promise.allSettled(Array.from({ length: 10 }, () => create(rig)));
    expect(outcomes(made)).toEqual(['fulfilled', 'fulfilled', ...Array(8).fill('rejected')]);
    expect(rig.registry.all()).toHaveLength(2);
  });

  it.each([
    ['two renames', (rename: Named, _: Named) => [rename('a'), rename('b')]],
    ['a rename and a creation', (rename: Named, make: Named) => [rename('a'), make('c')]],
    ['a creation and a rename', (rename: Named, make: Named) => [make('c'), rename('a')]],
  ])('%s to one name: one has it', async (_, requests) => {
    const rig = backend();
    await create(rig, 'tester', 'a');
    await create(rig, 'tester', 'b');
    const { rename_session } = handlersOf(rig);
    const rename: Named = async (session_id) =>
      rename_session({ session_id, name: 'wanted', client_id: 'tester' }, () => {});
    const settled = await Promise.allSettled(requests(rename, () => create(rig, 'tester', 'wanted')));
    expect(outcomes(settled)).toEqual(['fulfilled', 'rejected']);
    expect(rig.registry.all().filter(({ state }) => state.name === 'wanted')).toHaveLength(1);
  });

  it('a rename that the disk does not take leaves the name to others', async () => {
    const rig = backend();
    await create(rig, 'tester', 'a');
    rig.journal.full = () => true;
    const { rename_session } = handlersOf(rig);
    const renamed = rename_session({ session_id: 'a', name: 'wanted', client_id: 'tester' }, () => {});
    await expect(renamed).rejects.toMatchObject({ type: 'StorageFull' });
    rig.journal.full = () => false;
    expect((await create(rig, 'tester', 'wanted')).state.name).toBe('wanted');
  });

  it('two imports of one archive: the second finds what the first has filed, and the session goes on', async () => {
    const origin = backend();
    const host = await create(origin);
    await run(host, 'x := 1', 'y := 2');
    const archive = archiveOf(origin, host);
    const rig = backend();
    const importing = () => rig.registry.import(archive, { client: 'tester', fork: false });
    const [one, other] = await Promise.all([importing(), importing()]);
    expect([one.outcome, other.outcome]).toEqual(['created', 'unchanged']);
    expect(rig.registry.find(host.state.id)).toBe(other.host);
    expect(one.host).toBe(other.host);
    expect(await run(other.host, 'x')).toBe('1');
  });

  it('two imports that advance a session in which an evaluation waits: nothing waits for ever', async () => {
    const origin = backend();
    const host = await create(origin);
    await run(host, 'x := 1');
    const early = archiveOf(origin, host);
    await run(host, 'x := 2');
    const late = archiveOf(origin, host);
    const rig = backend();
    const importing = (archive: typeof late) => rig.registry.import(archive, { client: 'tester', fork: false });
    await importing(early);
    const [one, other] = await Promise.all([importing(late), importing(late)]);
    expect([one.outcome, other.outcome]).toEqual(['advanced', 'unchanged']);
    expect(await run(rig.registry.find(host.state.id), 'x')).toBe('2');
  });
});

type Named = (name: string) => Promise<unknown>;
