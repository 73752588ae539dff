import { describe, expect, it } from '@jest/globals';
import { BackendClient } from '../../src/client/backend-client.js';
import { InvalidEndpoint, RequestTimedOut, Unreachable } from '../../src/client/errors.js';
import { Session } from '../../src/client/session.js';
import { FakeBackend, SESSION } from '../service/workspace/fake-workplace.js';

type Request = { readonly command: string; readonly parameters: Record<string, unknown> };

/** A client whose backend only merges contexts; every answer comes a turn of the event loop later. */
function connected() {
  const backend = new FakeBackend();
  const requests: Request[] = [];
  const faults: Error[] = [];
  const client = {
    request: async (command: string, parameters: Record<string, unknown>) => {
      requests.push({ command, parameters });
      await new Promise((resolve) => setImmediate(resolve));
      // Nobody is to wait for its renewal.
      if (command === 'attach_client') return new Promise(() => {});
      const fault = faults.shift();
      if (fault) throw fault;
      return structuredClone(backend.answer(command, parameters));
    },
    onOutage: () => () => {},
    onClose: () => () => {},
  } as unknown as BackendClient;
  const open = () => Session.open(client, { session: SESSION, clientId: 'me' });
  const keysOf = (name: string) =>
    requests.filter(({ command }) => command === name).map(({ parameters }) => parameters['key']);
  return { backend, open, faults, keysOf };
}

describe('several changes of a context that are asked for at once', () => {
  it('are made one after another, each from what those before it left', async () => {
    const { backend, open } = connected();
    const session = await open();
    const answers = await Promise.all(['a', 'b', 'c'].map((buffer) => session.change({ buffer })));
    expect(answers).toEqual([[], [], []]);
    expect(backend.context).toEqual({ buffer: 'c' });
  });

  it('are made from the revision they name, and from those before them', async () => {
    const { backend, open } = connected();
    const session = await open();
    const base = session.revision;
    await Promise.all([session.change({ buffer: 'a' }, base), session.change({ preferences: { size: 1 } }, base)]);
    await session.change({ buffer: 'b', preferences: { size: 2 } }, base);
    expect(backend.context).toEqual({ buffer: 'b', preferences: { size: 2 } });
  });

  it('do not overwrite what somebody else changed meanwhile, but conflict with that', async () => {
    const { backend, open } = connected();
    const session = await open();
    backend.contexts.push({ preferences: { size: 7 } });
    const [first, second, third] = await Promise.all([
      session.change({ buffer: 'a' }),
      session.change({ buffer: 'b' }),
      session.change({ preferences: { size: 2 } }),
    ]);
    expect([first, second]).toEqual([[], []]);
    expect(third).toMatchObject([{ path: ['preferences', 'size'], ours: 7, theirs: 2 }]);
    expect(backend.context).toEqual({ buffer: 'b', preferences: { size: 7 } });
  });

  it('are made also when one before them fails', async () => {
    const { backend, open, faults } = connected();
    const session = await open();
    faults.push(new Unreachable('tcp://lab:1', 'nobody answers'));
    const [first, second] = await Promise.allSettled([
      session.change({ buffer: 'a' }),
      session.change({ buffer: 'b' }),
    ]);
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled']);
    expect(backend.context).toEqual({ buffer: 'b' });
  });
});

describe('a session whose history was replaced by another one', () => {
  it('is not changed from what was seen of the other, until it is opened again', async () => {
    const { backend, open } = connected();
    const session = await open();
    await session.change({ buffer: 'a' });
    backend.replaceHistory({}, { buffer: 'theirs' }, { buffer: 'theirs' });
    await expect(session.change({ buffer: 'b' })).rejects.toMatchObject({ type: 'Diverged' });
    expect(backend.context).toEqual({ buffer: 'theirs' });
    expect(await (await open()).change({ buffer: 'b' })).toEqual([]);
  });
});

describe('what a session asks for and gets no answer to', () => {
  it.each([new Unreachable('tcp://lab:1', 'nobody answers'), new RequestTimedOut('evaluate', 1)])(
    'can be asked for again by the key in the error, made up or given ($name)',
    async (fault) => {
      const { open, faults, keysOf } = connected();
      const session = await open();
      for (const ask of [() => session.evaluate('3 + 4'), () => session.change({ buffer: 'a' })]) {
        faults.push(fault);
        await expect(ask()).rejects.toBe(fault);
        expect(fault.key).toBe([...keysOf('evaluate'), ...keysOf('update_session_state')].at(-1));
        expect(fault.key).toMatch(/^[0-9a-f-]{36}$/);
      }
      faults.push(fault);
      await expect(session.evaluate('3 + 4', { key: 'mine' })).rejects.toMatchObject({ key: 'mine' });
    },
  );
});

describe('what is no endpoint', () => {
  it.each(['', 'lab', 'tcp://127.0.0.1:99999', 'tcp://127.0.0.1:0', 'tcp://*:5555', 'ipc://relative', 'udp://h:1'])(
    'is refused when it is to be opened: "%s"',
    async (endpoint) => {
      await expect(BackendClient.open(endpoint)).rejects.toBeInstanceOf(InvalidEndpoint);
    },
  );
});
