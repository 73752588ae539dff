import { describe, expect, it } from '@jest/globals';
import { backend, create, entriesOf, handlersOf } from './rig.js';

const OTHER = '0'.repeat(63).concat('1');

async function changed() {
  const rig = backend();
  const handlers = handlersOf(rig);
  const session_id = (await create(rig)).state.id;
  const set = (buffer: string, seen?: { revision: number; hash: string }) =>
    handlers.update_session_state(
      { session_id, state_data: { buffer }, base_revision: 1, key: buffer, seen },
      () => {},
    );
  const { revision, hash = '' } = await set('a');
  return { rig, handlers, session_id, set, seen: { revision, hash } };
}

describe('what a client says it has seen of a session', () => {
  it('is compared with the history that the session has, when its context is read', async () => {
    const { handlers, session_id, seen } = await changed();
    const read = (hash: string, revision = seen.revision) =>
      handlers.get_context({ session_id, seen: { revision, hash } }, () => {});
    expect(await read(seen.hash)).toMatchObject({ same_history: true, revision: seen.revision, hash: seen.hash });
    expect(await read(OTHER)).toMatchObject({ same_history: false, context: { buffer: 'a' } });
    expect(await read(seen.hash, seen.revision + 1)).toMatchObject({ same_history: false });
    expect((await handlers.get_context({ session_id }, () => {})).same_history).toBeUndefined();
    expect(await handlers.get_context({ session_id, at: 1 }, () => {})).toMatchObject({
      revision: 1,
      hash: expect.not.stringMatching(seen.hash),
    });
  });

  it('has a change refused where it is of another history, and nothing is written', async () => {
    const { rig, session_id, set, seen } = await changed();
    const before = entriesOf(rig, session_id).length;
    await expect(set('b', { ...seen, hash: OTHER })).rejects.toMatchObject({ type: 'Diverged' });
    expect(entriesOf(rig, session_id)).toHaveLength(before);
    const change = set('b', seen);
    await rig.clock.pass(1_000);
    await change;
    expect(entriesOf(rig, session_id).length).toBeGreaterThan(before);
  });

  it('has a reader of the journal told, who would miss what is new under old numbers', async () => {
    const { handlers, session_id, seen } = await changed();
    const read = (hash: string) =>
      handlers.read_journal({ session_id, after: seen.revision, seen: { ...seen, hash } }, () => {});
    expect(await read(seen.hash)).toMatchObject({ lines: [], revision: seen.revision });
    await expect(read(OTHER)).rejects.toMatchObject({ type: 'Diverged' });
  });
});
