import { describe, expect, it } from '@jest/globals';
import type { BackendClient } from '../../src/client/backend-client.js';
import { Session } from '../../src/client/session.js';
import { InexactJson } from '../../src/session/exact-json.js';

describe('a session of the library', () => {
  it('sends no change that JSON would make another one of', async () => {
    const sent: string[] = [];
    const client = {
      onOutage: () => () => {},
      request: async (command: string) => {
        if (command === 'update_session_state' || command === 'resolve_conflict') sent.push(command);
        return { session: 'id', revision: 1, context: {}, session_state: {}, conflicts: [], parts: {} };
      },
    } as unknown as BackendClient;
    const session = await Session.open(client, { session: 'demo', clientId: 'editor' });
    await expect(session.change({ preferences: { width: Number.NaN } })).rejects.toBeInstanceOf(InexactJson);
    await expect(session.resolve('c', 'value', Number.POSITIVE_INFINITY)).rejects.toBeInstanceOf(InexactJson);
    expect(sent).toEqual([]);
    await session.change({ preferences: { width: 1 } });
    expect(sent).toEqual(['update_session_state']);
    await session.close();
  });
});
