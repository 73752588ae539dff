/** The built library in a process of its own: what it leaves behind, and that the process ends. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DIST, type Json, sharedHome, stui } from './stui.js';

/** Runs a program that imports the library, to its end. @returns what it printed */
function library(program: string, ...args: readonly string[]): Json {
  const source = `import { BackendClient, Session } from ${JSON.stringify(join(DIST, 'index.js'))};\n${program}`;
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', source, '--', ...args],
    { encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('a program that uses the library', () => {
  const home = sharedHome((path) => stui(path, 'backend', 'start', '--detach'));

  it('ends by itself once its client is closed, whatever was open on it', async () => {
    const { json: session } = await stui(home(), 'session', 'create', 'open', '--json');
    const { json: backend } = await stui(home(), 'backend', 'status', '--json');
    const { context } = library(
      `const client = await BackendClient.open(process.argv[1]);
       const session = await Session.open(client, { session: process.argv[2], clientId: process.argv[3] });
       const following = (async () => { for await (const entry of session.follow()) void entry; })().catch(() => {});
       await session.change({ buffer: 'x' });
       client.close();
       await following;
       console.log(JSON.stringify({ context: session.context }));`,
      backend.endpoint,
      session.id,
      session.owner,
    );
    expect(context).toEqual({ buffer: 'x' });
  });

  it('is listed no more when it closed its session as soon as it had opened it', async () => {
    const { json: session } = await stui(home(), 'session', 'create', 'brief', '--json');
    const { json: backend } = await stui(home(), 'backend', 'status', '--json');
    const clients = library(
      `const [, endpoint, session_id, client_id] = process.argv;
       const client = await BackendClient.open(endpoint);
       await (await Session.open(client, { session: session_id, clientId: client_id })).close();
       const { clients } = await client.request('list_clients', { session_id, client_id });
       client.close();
       console.log(JSON.stringify(clients));`,
      backend.endpoint,
      session.id,
      session.owner,
    );
    expect(clients.filter(({ connected }: Json) => connected)).toEqual([]);
  });

  it('does what a command did not hear of, and the command finds it done when it is given again', async () => {
    const { json: session } = await stui(home(), 'session', 'create', 'old', '--json');
    const { json: backend } = await stui(home(), 'backend', 'status', '--json');
    library(
      `const [, endpoint, session_id, client_id] = process.argv;
       const client = await BackendClient.open(endpoint);
       await client.request('rename_session', { session_id, client_id, name: 'new' });
       client.close();
       console.log('{}');`,
      backend.endpoint,
      session.id,
      session.owner,
    );
    const again = await stui(home(), 'session', 'rename', 'old', 'new', '--json');
    expect(again).toMatchObject({ code: 0, json: { id: session.id, name: 'new' } });
    const other = await stui(home(), 'session', 'rename', 'old', 'other', '--json');
    expect(other).toMatchObject({ code: 3, json: { error: { code: 'session-not-found' } } });
  });

  it('can catch what is wrong with an endpoint, and goes on', () => {
    const refused = library(
      `const codes = [];
       for (const endpoint of ['tcp://127.0.0.1:99999', 'lab']) {
         await BackendClient.open(endpoint).catch(({ code }) => codes.push(code));
       }
       await new Promise((resolve) => setImmediate(resolve));
       console.log(JSON.stringify(codes));`,
    );
    expect(refused).toEqual(['invalid-endpoint', 'invalid-endpoint']);
  });
});
