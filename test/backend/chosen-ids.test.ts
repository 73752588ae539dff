/** Ids that clients choose for sessions, so that a retry makes no second one. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { backend, create, handlersOf, successor } from './rig.js';

const taken = { type: 'KeyConflict', message: expect.stringContaining('belongs to another session') };

describe('a session that is created under an id which is there', () => {
  it('is that one for a retry, also after it was renamed and the backend started again', async () => {
    const rig = backend();
    const request = { session_id: randomUUID(), client_id: 'tester', name: 'work', labels: { b: '2', a: '1' } };
    const asked = (to = rig) => handlersOf(to).create_session(request, () => {});
    const [first, twin] = await Promise.all([asked(), asked()]);
    expect(twin.session_id).toBe(first.session_id);
    await rig.registry.find(request.session_id).rename('other', 'tester');
    const next = await successor(rig);
    expect((await asked(next)).session.name).toBe('other');
    expect(next.registry.all()).toHaveLength(1);
  });

  it.each<[string, object]>([
    ['of another client', { client_id: 'other' }],
    ['with another name', { name: 'other' }],
    ['with other labels', { labels: { a: '2' } }],
    ['with another time to live', { ttl_ms: 1 }],
  ])('is refused %s, and tells nothing of it', async (_what, other) => {
    const { create_session: make } = handlersOf(backend());
    const request = { session_id: randomUUID(), client_id: 'tester', name: 'work', labels: { a: '1' } };
    const made = make(request, () => {});
    await expect(make({ ...request, ...other }, () => {})).rejects.toMatchObject(taken);
    await made;
    await expect(make({ ...request, ...other }, () => {})).rejects.toMatchObject(taken);
  });
});

describe('a fork under an id which is there', () => {
  it('is that one for a retry, and refused where it is no fork, or one of another session or client', async () => {
    const rig = backend();
    const { registry } = rig;
    const [a, b] = [await create(rig), await create(rig)];
    const request = { id: randomUUID(), client: 'tester' };
    const fork = await registry.fork(a, request);
    expect(await registry.fork(a, request)).toBe(fork);
    await expect(registry.fork(b, request)).rejects.toMatchObject(taken);
    await expect(registry.fork(a, { ...request, client: 'other' })).rejects.toMatchObject(taken);
    await expect(registry.fork(a, { ...request, id: b.state.id })).rejects.toMatchObject(taken);
  });
});
