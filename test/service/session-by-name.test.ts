import { describe, expect, it } from '@jest/globals';
import { ProtocolError } from '../../src/protocol/errors.js';
import { openOrCreate } from '../../src/service/session-by-name.js';
import type { Workplace } from '../../src/service/workplace.js';

/** A backend that several commands ask at once; every answer takes a turn, so that questions of all of them interleave. */
function backend() {
  const sessions = new Map<string, { id: string; name: string }>();
  const ask = async (command: string, { name = '', session_id }: { name?: string; session_id: string }) => {
    await new Promise((resolve) => setImmediate(resolve));
    if (command === 'get_session_info') {
      const session = sessions.get(session_id);
      if (!session) throw new ProtocolError('SessionNotFound', 'There is none');
      return { session };
    }
    if (sessions.has(name)) throw new ProtocolError('NameTaken', 'There is one');
    const session = { id: session_id, name };
    sessions.set(name, session);
    return { session };
  };
  const command = () => ({ ask, clientId: 'c', remember: async () => {} }) as unknown as Workplace;
  return { command, sessions };
}

describe('a session that is created where it is missing', () => {
  it('is one for all commands that name it at the same time', async () => {
    const { command, sessions } = backend();
    const found = await Promise.all(Array.from({ length: 8 }, () => openOrCreate(command(), 'shared')));
    expect(sessions.size).toBe(1);
    expect(new Set(found.map(({ id }) => id))).toEqual(new Set([sessions.get('shared')?.id]));
  });

  it('is another one for every name', async () => {
    const { command, sessions } = backend();
    const names = Array.from({ length: 8 }, (_, index) => `job-${index}`);
    const found = await Promise.all(names.map((name) => openOrCreate(command(), name)));
    expect(found.map(({ name }) => name)).toEqual(names);
    expect(new Set(found.map(({ id }) => id)).size).toBe(8);
    expect(sessions.size).toBe(8);
  });

  it('is made although the id of another one begins with its name', async () => {
    const asked: string[] = [];
    const workplace = {
      clientId: 'c',
      remember: async () => {},
      ask: async (command: string, { name = 'other' }: { name?: string }) => {
        asked.push(command);
        return { session: { id: 'cafe0000', name } };
      },
    } as unknown as Workplace;
    expect(await openOrCreate(workplace, 'cafe')).toMatchObject({ name: 'cafe' });
    expect(asked).toEqual(['get_session_info', 'create_session']);
    expect(await openOrCreate(workplace, 'cafe0000')).toMatchObject({ name: 'other' });
  });

  it('fails as the backend does for anything else', async () => {
    const refused = { ask: async () => Promise.reject(new ProtocolError('DamagedData', 'Damaged')) };
    await expect(openOrCreate(refused as unknown as Workplace, 'x')).rejects.toMatchObject({ type: 'DamagedData' });
  });

  it('is looked for again where its name was taken by one that is gone by then, but not for ever', async () => {
    let asked = 0;
    const fickle = {
      clientId: 'c',
      ask: async (command: string) => {
        asked += 1;
        throw new ProtocolError(command === 'create_session' ? 'NameTaken' : 'SessionNotFound', 'No');
      },
    };
    await expect(openOrCreate(fickle as unknown as Workplace, 'x')).rejects.toMatchObject({ type: 'NameTaken' });
    expect(asked).toBeLessThan(20);
  });
});
