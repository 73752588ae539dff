/** A session that came back from an older copy, and went on from there: what was known of it here is known of it no more. */
import { describe, expect, it } from '@jest/globals';
import { deliverOrphans } from '../../../src/service/delivery.js';
import { changeContext } from '../../../src/service/workspace/change.js';
import { seeContext } from '../../../src/service/workspace/reading.js';
import type { JsonObject } from '../../../src/session/json.js';
import { FakeBackend, FakeClient, SESSION } from './fake-workplace.js';

const OTHERS = { buffer: 'what another client wrote' };

async function known({ tellsHashes = true } = {}) {
  const backend = new FakeBackend();
  backend.tellsHashes = tellsHashes;
  const client = new FakeClient(backend);
  const { workplace } = client;
  const set = (buffer: string, base?: number) =>
    changeContext(workplace, {
      session: SESSION,
      paths: [['buffer']],
      patch: () => ({ buffer }),
      base,
      keepForLater: true,
    });
  await seeContext(workplace, SESSION);
  await set('mine');
  return { backend, client, workplace, set, look: () => seeContext(workplace, SESSION) };
}

/** As long as the history that was known, longer, and shorter. */
const HISTORIES: readonly (readonly [string, readonly JsonObject[]])[] = [
  ['as long', [{}, OTHERS]],
  ['longer', [{}, {}, {}, {}, OTHERS]],
  ['shorter', [OTHERS]],
];

describe('a change of a context whose session has another history since it was seen', () => {
  it.each(HISTORIES)('overwrites nothing in one that is %s, and says why', async (_, contexts) => {
    const { backend, set } = await known();
    backend.replaceHistory(...contexts);
    for (const attempt of [set('again'), set('again')]) {
      await expect(attempt).rejects.toMatchObject({ code: 'other-history', exit: 'conflict' });
    }
    expect(backend.context).toEqual(OTHERS);
  });

  it.each(HISTORIES)('is made once one that is %s was looked at, which says so', async (_, contexts) => {
    const { backend, client, set, look } = await known();
    backend.replaceHistory(...contexts);
    client.mayWarn = true;
    expect(await look()).toMatchObject({ context: OTHERS });
    expect(client.warnings).toEqual([expect.stringContaining('another history')]);
    expect(await set('merged')).toMatchObject({ outcome: 'changed', conflicts: [] });
    expect(backend.context).toEqual({ buffer: 'merged' });
    client.online = false;
    expect(await look()).toMatchObject({ stale: true, context: { buffer: 'merged' } });
  });

  it('is refused when it had waited in the outbox, and stays there', async () => {
    const { backend, client, workplace, set } = await known();
    client.online = false;
    expect(await set('offline')).toMatchObject({ outcome: 'queued' });
    backend.replaceHistory({}, {}, {}, {}, OTHERS);
    client.online = true;
    expect(await deliverOrphans(workplace)).toMatchObject([{ outcome: 'refused' }]);
    expect(backend.context).toEqual(OTHERS);
    expect(workplace.outbox.list()).toHaveLength(1);
  });

  it('is made all the same from a revision that somebody names', async () => {
    const { backend, set } = await known();
    backend.replaceHistory({}, OTHERS);
    expect(await set('named', 2)).toMatchObject({ outcome: 'changed' });
    expect(backend.context).toEqual({ buffer: 'named' });
  });
});

describe('a backend that cannot tell histories apart', () => {
  it('is found out by a history that is too short', async () => {
    const { backend, client, set, look } = await known({ tellsHashes: false });
    await look();
    backend.replaceHistory(OTHERS);
    await expect(set('again')).rejects.toMatchObject({ code: 'other-history' });
    client.mayWarn = true;
    await look();
    expect(client.warnings).toHaveLength(1);
    expect(await set('merged')).toMatchObject({ outcome: 'changed' });
  });

  it('is said to be one, where an answer was expected', async () => {
    const { backend, client, set } = await known();
    backend.tellsHashes = false;
    client.mayWarn = true;
    expect(await set('again')).toMatchObject({ outcome: 'changed' });
    expect(client.warnings).toEqual([expect.stringContaining('this backend is older')]);
  });
});
