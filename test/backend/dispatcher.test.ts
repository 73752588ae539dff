/** Requests that come twice because a link moved in the middle. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Dispatcher } from '../../src/backend/dispatcher.js';
import type { Handlers } from '../../src/backend/handlers.js';
import { ProtocolError } from '../../src/protocol/errors.js';

function counting() {
  const done: string[] = [];
  let finish: () => void = () => {};
  const handlers = {
    record_inputs: async ({ source }: { source: string }) => {
      done.push(source);
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return { recorded: 1 };
    },
    rename_session: ({ name }: { name: string }) => {
      done.push(name);
      if (done.length > 1) throw new ProtocolError('SessionNotFound', 'No session has the name a');
      return { session: { name } };
    },
    delete_session: ({ session_id }: { session_id: string }) => {
      done.push(`delete ${session_id}`);
      return { session_id, deleted: true };
    },
    ping: () => {
      done.push('ping');
      return {};
    },
  } as unknown as Handlers;
  const dispatcher = new Dispatcher(handlers, () => {});
  const send = (id: unknown, command: string, parameters: object) =>
    dispatcher.dispatch(Buffer.from(JSON.stringify({ id, command, parameters })), () => {});
  return { done, send, finish: () => finish() };
}

const record = { session_id: 's', source: 'text', inputs: [] };

describe('a request without a key that is sent again under its id', () => {
  it('is done once also where the second time would find nothing to do it to', async () => {
    const { done, send } = counting();
    const id = randomUUID();
    const rename = { session_id: 'a', name: 'b' };
    const first = await send(id, 'rename_session', rename);
    expect(first).toMatchObject({ status: 'success' });
    expect(await send(id, 'rename_session', rename)).toEqual(first);
    expect(done).toEqual(['b']);
  });

  it('is done once also where its id is a UUID in capitals, as some systems write them', async () => {
    const { done, send } = counting();
    const id = randomUUID().toUpperCase();
    const rename = { session_id: 'a', name: 'b' };
    const first = await send(id, 'rename_session', rename);
    expect(await send(id, 'rename_session', rename)).toEqual(first);
    expect(await send(id, 'delete_session', { session_id: 'a' })).toMatchObject({ error_type: 'InvalidRequest' });
    expect(done).toEqual(['b']);
  });

  it('is done once while it is under way, and answered twice', async () => {
    const { done, send, finish } = counting();
    const id = randomUUID();
    const answers = [send(id, 'record_inputs', record), send(id, 'record_inputs', record)];
    await new Promise((resolve) => setImmediate(resolve));
    finish();
    const [first, second] = await Promise.all(answers);
    expect(second).toEqual(first);
    expect(done).toEqual(['text']);
  });

  it('is done once also when its answer got lost', async () => {
    const { done, send, finish } = counting();
    const id = randomUUID();
    const first = send(id, 'record_inputs', record);
    await new Promise((resolve) => setImmediate(resolve));
    finish();
    await first;
    expect(await send(id, 'record_inputs', record)).toEqual(await first);
    expect(done).toEqual(['text']);
  });

  it('is another one where ids are only counted, and where nothing is changed', async () => {
    const { done, send, finish } = counting();
    for (const id of [1, 1]) {
      const answer = send(id, 'record_inputs', record);
      await new Promise((resolve) => setImmediate(resolve));
      finish();
      await answer;
    }
    const id = randomUUID();
    await send(id, 'ping', {});
    await send(id, 'ping', {});
    expect(done).toEqual(['text', 'text', 'ping', 'ping']);
  });
});

describe('an answer that is kept for whoever asks again', () => {
  it('makes room for newer ones, the oldest first', async () => {
    const { done, send } = counting();
    const ids = Array.from({ length: 257 }, () => randomUUID());
    const remove = (index: number) => send(ids[index], 'delete_session', { session_id: String(index) });
    for (const index of ids.keys()) await remove(index);
    await remove(1);
    expect(done).toHaveLength(257);
    await remove(0);
    expect(done.slice(256)).toEqual(['delete 256', 'delete 0']);
  });
});

describe('a request that comes under the id of another one', () => {
  it('is refused, does nothing, and never gets the answer of the other one', async () => {
    const { done, send } = counting();
    const id = randomUUID();
    const first = await send(id, 'delete_session', { session_id: 'a' });
    for (const reply of [
      await send(id, 'delete_session', { session_id: 'b' }),
      await send(id, 'delete_session', { session_id: 'a', client_id: 'other' }),
      await send(id, 'ping', {}),
    ]) {
      expect(reply).toMatchObject({ id, status: 'error', error_type: 'InvalidRequest' });
      expect(reply).toMatchObject({ error: expect.stringMatching(/id .* and other content came before/) });
    }
    expect(await send(id, 'delete_session', { session_id: 'a' })).toEqual(first);
    expect(done).toEqual(['delete a']);
  });
});

describe('JSON that is kept as it comes', () => {
  const requests: string[] = [];
  const handlers = new Proxy({} as Handlers, {
    get: (_, command) => () => {
      requests.push(String(command));
      return {};
    },
  });
  const dispatcher = new Dispatcher(handlers, () => {});
  const send = (command: string, parameters: string) =>
    dispatcher.dispatch(Buffer.from(`{"id": "7", "command": "${command}", "parameters": ${parameters}}`), () => {});

  it.each([
    ['update_session_state', '{"session_id": "s", "state_data": {"preferences": {"id": VALUE}}}'],
    ['resolve_conflict', '{"session_id": "s", "conflict": "c", "choice": "value", "value": {"id": VALUE}}'],
  ])('is refused by %s where it would come back as something else', async (command, parameters) => {
    for (const value of ['12345678901234567890', '1e400', '{"a": 1, "a": 2}', '"\\ud800"']) {
      const reply = await send(command, parameters.replace('VALUE', value));
      expect(reply).toMatchObject({ id: '7', status: 'error', error_type: 'InvalidParameters' });
      expect(reply).toHaveProperty('error', expect.stringMatching(/: "(state_data\.preferences|value)\.id/));
    }
    expect(requests).toEqual([]);
    expect(await send(command, parameters.replace('VALUE', '1.0'))).toMatchObject({ status: 'success' });
    expect(requests.splice(0)).toEqual([command]);
  });
});
