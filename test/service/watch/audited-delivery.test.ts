/** Each entry of the outbox is accounted for once, under the right name. */
import { describe, expect, it } from '@jest/globals';
import { AuditedDelivery } from '../../../src/service/watch/audited-delivery.js';
import { temporaryDirectory } from '../../local/temporary.js';
import { askedWorkplace } from '../asked.js';
import { ToyBackend } from '../toy-backend.js';

const MAIN = '00000000-0000-4000-8000-000000000001';

function rig() {
  const backend = new ToyBackend();
  backend.sessions.set('main', MAIN);
  const { workplace } = askedWorkplace(temporaryDirectory(), backend.answers);
  const { outbox, destination } = workplace;
  return {
    backend,
    outbox,
    delivery: new AuditedDelivery(workplace),
    queue: (...keys: string[]) => {
      for (const key of keys) {
        const order = { key, session: MAIN, code: key, timeoutMs: 1_000, client: 'me', ...destination };
        outbox.release(outbox.accept(order).entry);
      }
    },
    has: (...keys: string[]) => {
      for (const key of keys) backend.accepted.push({ session: MAIN, key, code: key });
    },
  };
}

const NONE = { deliveredLate: 0, answeredFromJournal: 0, unknown: 0, refused: 0, lost: 0 };

describe('the account of a delivery', () => {
  it('counts as unknown only what the backend had with an unknown outcome', async () => {
    const { backend, delivery, queue, has } = rig();
    queue('a', 'b', 'c', 'd');
    has('a', 'b', 'c');
    backend.outcomes.set('b', 'unknown');
    expect(await delivery.deliver()).toEqual({ ...NONE, deliveredLate: 1, answeredFromJournal: 3, unknown: 1 });
    expect(await delivery.deliver()).toEqual(NONE);
  });

  it('is given also when the session of what the backend had was deleted right after', async () => {
    const { backend, delivery, queue, has } = rig();
    queue('a', 'b');
    has('a');
    backend.onEvaluate = (key) => {
      if (key === 'b') backend.sessions.clear();
    };
    expect(await delivery.deliver()).toEqual({ ...NONE, deliveredLate: 1, answeredFromJournal: 1 });
    expect(await delivery.deliver()).toEqual(NONE);
  });

  it('counts what the backend will not take, never or not now, each time', async () => {
    const { backend, delivery, queue, outbox } = rig();
    queue('a', 'b', 'c');
    backend.refusals.set('a', 'RevisionConflict').set('b', 'SessionClosed');
    expect(await delivery.deliver()).toEqual({ ...NONE, refused: 3 });
    expect(await delivery.deliver()).toEqual({ ...NONE, refused: 3 });
    expect(outbox.list()).toHaveLength(3);
  });
});
