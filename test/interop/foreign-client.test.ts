/**
 * A program that knows the published STUI session protocol, ZeroMQ and JSON, and nothing of this project, against
 * `stui backend start --endpoint`. What is checked are the published names and types, word by word, and beside them the
 * descriptors that our documentation is made from.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, describe, expect, it } from '@jest/globals';
import * as v from 'valibot';
import { Dealer, Request } from 'zeromq';
import { COMMANDS, type CommandName } from '../../src/protocol/commands.js';
import { type Json, sharedHome, stui } from '../e2e/stui.js';

interface Foreign {
  exchange(message: object): Promise<Json>;
  close(): void;
}

function request(endpoint: string): Foreign {
  const socket = new Request({ linger: 0 });
  socket.connect(endpoint);
  return {
    async exchange(message) {
      await socket.send(JSON.stringify(message));
      const frames = await socket.receive();
      expect(frames).toHaveLength(1);
      return JSON.parse(String(frames[0]));
    },
    close: () => socket.close(),
  };
}

/** The reply has the delimiter when the request had it, and has none when it had none. */
function dealer(endpoint: string, delimiter: readonly string[]): Foreign {
  const socket = new Dealer({ linger: 0 });
  socket.connect(endpoint);
  return {
    async exchange(message) {
      await socket.send([...delimiter, JSON.stringify(message)]);
      const frames = await socket.receive();
      expect(frames.slice(0, -1).map(String)).toEqual(delimiter);
      return JSON.parse(String(frames.at(-1)));
    },
    close: () => socket.close(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const KINDS: readonly [string, (endpoint: string) => Foreign][] = [
  ['REQ', request],
  ['DEALER with a delimiter', (endpoint) => dealer(endpoint, [''])],
  ['DEALER without a delimiter', (endpoint) => dealer(endpoint, [])],
];

const ISO_TIME = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/);

const PUBLISHED_SESSION = {
  session_id: expect.any(String),
  created_at: ISO_TIME,
  last_modified: ISO_TIME,
  timeout: null,
  is_active: true,
  time_until_expiry: null,
};

let requests = 0;

describe.each(KINDS)('over %s', (kind, connect) => {
  const client_id = `foreign ${kind}`;
  let foreign: Foreign;

  sharedHome(async (path) => {
    const endpoint = `tcp://127.0.0.1:${await freePort()}`;
    const started = await stui(path, 'backend', 'start', '--detach', '--endpoint', endpoint);
    expect({ code: started.code, stderr: started.stderr }).toEqual({ code: 0, stderr: '' });
    foreign = connect(endpoint);
  });

  afterAll(() => foreign.close());

  async function ask(command: CommandName, parameters: object): Promise<Json> {
    requests += 1;
    const id = `request ${requests}`;
    const reply = await foreign.exchange({ id, command, parameters });
    expect(reply).toEqual({ id, status: 'success', result: expect.any(Object), timestamp: ISO_TIME });
    expect(v.safeParse(COMMANDS[command].result, reply.result).issues).toBeUndefined();
    return reply.result;
  }

  async function refused(command: string, parameters: object): Promise<Json> {
    const reply = await foreign.exchange({ id: 1, command, parameters });
    expect(reply).toMatchObject({ id: 1, status: 'error', error: expect.any(String), timestamp: ISO_TIME });
    return reply;
  }

  it('ping echoes', async () => {
    const uptime = expect.any(Number);
    expect(await ask('ping', { message: 'hello' })).toMatchObject({ message: 'hello', status: 'ready', uptime });
    expect(await ask('ping', {})).toMatchObject({ message: null, status: 'ready', uptime });
  });

  it('a session is created, worked in, closed and restored', async () => {
    const created = await ask('create_session', { client_id });
    expect(created).toMatchObject({ ...PUBLISHED_SESSION, client_id });
    const { session_id } = created;

    expect(await ask('evaluate', { code: 'point := 3 @ 4. point x + point y', session_id })).toMatchObject({
      result: '7',
      result_type: expect.any(String),
      execution_time: expect.any(Number),
      has_error: false,
    });
    expect(await ask('evaluate', { code: 'nil frobnicate', session_id })).toMatchObject({
      result: null,
      result_type: null,
      has_error: true,
    });
    expect(await ask('inspect', { target: 'point', session_id })).toMatchObject({
      object_info: { class_name: 'Point', string_representation: '3@4', size: null },
      instance_vars: { x: '3', y: '4' },
    });

    const state = { inspector: { path: ['point', 'x'] }, buffer: 'point x' };
    expect(await ask('update_session_state', { session_id, state_data: state })).toMatchObject({
      session_id,
      last_modified: ISO_TIME,
      session_state: state,
      update_successful: true,
    });
    expect(await ask('get_session_info', { session_id })).toMatchObject({
      ...PUBLISHED_SESSION,
      session_id,
      client_id,
      is_expired: false,
    });
    expect(await ask('list_client_sessions', { client_id })).toMatchObject({
      client_id,
      session_count: 1,
      sessions: [{ ...PUBLISHED_SESSION, session_id }],
    });

    expect(await ask('close_session', { session_id })).toMatchObject({ session_id, closed: true });
    expect(await ask('get_session_info', { session_id })).toMatchObject({ is_active: false, is_expired: false });
    expect(await ask('restore_session', { session_id })).toMatchObject({
      ...PUBLISHED_SESSION,
      session_id,
      client_id,
      session_state: state,
      workspace_context: { variables: ['point'] },
      inspector_state: state.inspector,
      object_registry: { point: 'snapshot' },
    });
    expect(await ask('evaluate', { code: 'point x', session_id })).toMatchObject({ result: '3' });
  });

  it('an evaluation needs no session: all that name none share one', async () => {
    const name = `x${kind.length}`;
    await ask('evaluate', { code: `${name} := 41` });
    expect(await ask('evaluate', { code: `${name} + 1` })).toMatchObject({ result: '42', has_error: false });
    expect(await ask('inspect', { target: '#(1 2 3)' })).toMatchObject({ object_info: { size: 3 } });
  });

  it('statistics count', async () => {
    expect(await ask('get_session_statistics', {})).toEqual({
      total_sessions: expect.any(Number),
      active_clients: expect.any(Number),
      max_sessions_per_client: expect.any(Number),
      default_timeout: null,
      cleanup_interval: expect.any(Number),
    });
  });

  it.each(['get_session_info', 'restore_session', 'close_session', 'evaluate', 'inspect', 'update_session_state'])(
    '%s in a session that there is not is SessionNotFound',
    async (command) => {
      const parameters = { session_id: 'no such session', code: '3', target: '3', state_data: {} };
      const { error, error_type } = await refused(command, parameters);
      expect({ error, error_type }).toEqual({
        error: expect.stringContaining('no such session'),
        error_type: 'SessionNotFound',
      });
    },
  );

  it.each([
    ['create_session', 'client_id'],
    ['evaluate', 'code'],
    ['inspect', 'target'],
    ['get_session_info', 'session_id'],
    ['restore_session', 'session_id'],
    ['close_session', 'session_id'],
    ['update_session_state', 'session_id'],
    ['update_session_state', 'state_data'],
    ['list_client_sessions', 'client_id'],
  ])('%s without its %s is told which parameter is missing', async (command, parameter) => {
    const { error, error_type } = await refused(command, {});
    expect(error_type).toBe('InvalidParameters');
    expect(error).toContain(`missing "${parameter}" parameter`);
  });

  it('a command that there is not is UnknownCommand', async () => {
    expect(await refused('frobnicate', {})).toMatchObject({ error_type: 'UnknownCommand' });
  });
});
