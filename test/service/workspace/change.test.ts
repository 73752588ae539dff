/** What a change of the context comes to, and what is said of it. */
import { describe, expect, it } from '@jest/globals';
import { Unreachable } from '../../../src/client/errors.js';
import { LocalStateUnusable, OutboxKeyConflict } from '../../../src/local/errors.js';
import { ProtocolError } from '../../../src/protocol/errors.js';
import { deliverOrphans, HeldBack } from '../../../src/service/delivery.js';
import { type Change, changeContext } from '../../../src/service/workspace/change.js';
import { temporaryDirectory } from '../../local/temporary.js';
import { askedWorkplace } from '../asked.js';

const MAIN = '00000000-0000-4000-8000-000000000001';
const MET = { id: 'c', path: ['buffer'], base: 'a', ours: 'b', theirs: 'c', client: 'other', time: '' };

function rig() {
  const backend = { away: false, refusal: undefined as ProtocolError | undefined, conflicts: [] as unknown[] };
  const made: unknown[] = [];
  const answer = () => {
    if (backend.away) throw new Unreachable('tcp://nowhere:1', 'nobody is there');
  };
  const asked = askedWorkplace(temporaryDirectory(), {
    get_context: () => {
      answer();
      return { session: MAIN, revision: 3, context: {}, parts: {}, conflicts: [] };
    },
    update_session_state: ({ state_data, key }) => {
      answer();
      if (backend.refusal) throw backend.refusal;
      made.push([key, state_data]);
      return { session_id: MAIN, revision: 4, session_state: state_data, conflicts: backend.conflicts };
    },
  });
  const { workplace } = asked;
  return {
    ...asked,
    backend,
    made,
    waiting: () => workplace.outbox.list().map(({ key }) => key),
    change: (buffer: string, others: Partial<Change> = {}) =>
      changeContext(workplace, {
        session: MAIN,
        paths: [['buffer']],
        patch: () => ({ buffer }),
        keepForLater: true,
        ...others,
      }),
  };
}

describe('a change', () => {
  it('that the backend made is changed, and one that met what others changed is a conflict', async () => {
    const here = rig();
    expect(await here.change('x')).toMatchObject({ outcome: 'changed', conflicts: [] });
    here.backend.conflicts = [MET];
    expect(await here.change('y')).toMatchObject({ outcome: 'conflict', conflicts: [MET] });
    expect(here.waiting()).toEqual([]);
  });

  it('of which there is nothing to make is unchanged', async () => {
    const here = rig();
    expect(await here.change('x', { patch: () => ({}) })).toMatchObject({ outcome: 'unchanged' });
    expect(here.made).toEqual([]);
  });

  it('under the key of another one that waits here is refused, and of the same is that one', async () => {
    const here = rig();
    here.backend.away = true;
    expect(await here.change('x', { key: 'k' })).toMatchObject({ outcome: 'queued' });
    expect(await here.change('x', { key: 'k' })).toMatchObject({ outcome: 'queued' });
    await expect(here.change('y', { key: 'k' })).rejects.toThrow(OutboxKeyConflict);
    here.backend.away = false;
    expect(await deliverOrphans(here.workplace)).toMatchObject([{ key: 'k', outcome: 'accepted' }]);
    expect(here.made).toEqual([['k', { buffer: 'x' }]]);
  });

  it('under the key of another one that the backend made is refused, at once and when it comes late', async () => {
    const here = rig();
    here.backend.refusal = new ProtocolError('KeyConflict', 'The key k belongs to another change');
    await expect(here.change('y', { key: 'k' })).rejects.toMatchObject({ type: 'KeyConflict' });
    expect(here.waiting()).toEqual([]);
    here.backend.away = true;
    await here.change('y', { key: 'k' });
    here.backend.away = false;
    expect(await deliverOrphans(here.workplace)).toMatchObject([{ key: 'k', outcome: 'refused' }]);
    expect(here.waiting()).toEqual(['k']);
  });

  it('that was accepted here is queued, whatever the disk refuses then', async () => {
    const here = rig();
    here.backend.away = true;
    here.workplace.outbox.release = () => {
      throw new LocalStateUnusable('the outbox', 'EIO');
    };
    expect(await here.change('x', { key: 'k' })).toMatchObject({ outcome: 'queued' });
    expect(here.waiting()).toEqual(['k']);
    expect(here.warnings).toHaveLength(1);
  });

  it('that was made is changed, although its entry cannot be removed', async () => {
    const here = rig();
    here.workplace.outbox.remove = () => {
      throw new LocalStateUnusable('the outbox', 'EIO');
    };
    expect(await here.change('x')).toMatchObject({ outcome: 'changed' });
  });

  it('behind one of its session that waits is kept behind it, or refused with what comes first', async () => {
    const here = rig();
    here.backend.away = true;
    await here.change('x', { key: 'first' });
    here.backend.away = false;
    here.backend.refusal = new ProtocolError('SessionClosed', 'The session is closed');
    expect(await here.change('y', { key: 'second' })).toMatchObject({ outcome: 'queued' });
    await expect(here.change('z', { keepForLater: false })).rejects.toThrow(HeldBack);
    expect(here.waiting()).toEqual(['first', 'second']);
  });
});
