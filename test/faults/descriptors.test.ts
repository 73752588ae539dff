/** Backends that have few file descriptors, or whose peers take most of them. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { temporaryHome } from '../e2e/stui.js';
import { until } from '../e2e/until.js';
import { BackendLife, Wire } from './wire.js';

const peers: Socket[] = [];
afterEach(() => {
  for (const peer of peers.splice(0)) peer.destroy();
});

const TCP = 'tcp://127.0.0.1:*';

/** Connects and says nothing. */
async function idlePeers(endpoint: string, count: number): Promise<void> {
  const port = Number(new URL(endpoint).port);
  const connected = Array.from({ length: count }, () => {
    const peer = connect(port, '127.0.0.1');
    peer.on('error', () => {});
    peers.push(peer);
    return once(peer, 'connect');
  });
  await Promise.all(connected);
}

async function sessions(wire: Wire, count: number): Promise<string[]> {
  const created = Array.from({ length: count }, (_, index) =>
    wire.result('create_session', { client_id: 'test', name: `s${index}` }),
  );
  return (await Promise.all(created)).map(({ session_id }) => session_id);
}

const evaluate = async (wire: Wire, session: string, code: string) =>
  (await wire.result('evaluate', { session_id: session, code })).evaluation;

it('a backend with 64 descriptors runs six sessions that begin at once, and says how many are left', async () => {
  const home = temporaryHome();
  const backend = await BackendLife.begin(home, undefined, { descriptors: 64 });
  const wire = new Wire(backend.endpoint);
  const ids = await sessions(wire, 6);
  const bound = await Promise.all(ids.map((id, index) => evaluate(wire, id, `x := ${index}`)));
  expect(bound.map(({ outcome }) => outcome)).toEqual(Array(6).fill('value'));
  const read = await Promise.all(ids.map((id) => evaluate(wire, id, 'x')));
  expect(read.map(({ printString }) => printString)).toEqual(['0', '1', '2', '3', '4', '5']);
  const { descriptors } = await wire.result('get_backend_status', {});
  expect(descriptors).toMatchObject({ limit: 64 });
  expect(descriptors.used).toBeLessThanOrEqual(64);
});

it('a backend with 64 descriptors goes on with twelve sessions, whose idle ones make room for each other', async () => {
  const home = temporaryHome();
  const backend = await BackendLife.begin(home, undefined, { descriptors: 64 });
  const wire = new Wire(backend.endpoint);
  const ids = await sessions(wire, 12);
  for (const [index, id] of ids.entries()) {
    expect(await evaluate(wire, id, `x := ${index}`)).toMatchObject({ outcome: 'value', printString: String(index) });
  }
  for (const [index, id] of ids.entries()) {
    expect(await evaluate(wire, id, 'x')).toMatchObject({ outcome: 'value', printString: String(index) });
  }
  expect((await wire.result('get_backend_status', {})).engines).toBeLessThan(12);
});

it('a backend with 1,024 descriptors and 1,000 peers that only connect goes on serving, and starts engines', async () => {
  const home = temporaryHome();
  const backend = await BackendLife.begin(home, undefined, { descriptors: 1_024, endpoint: TCP });
  const wire = new Wire(backend.endpoint);
  const ids = await sessions(wire, 3);
  await idlePeers(backend.endpoint, 1_000);
  // As many as are let in, which leaves the reserve to the engines.
  await until('the peers to be let in', async () => {
    const { descriptors } = await wire.result('get_backend_status', {});
    return descriptors.used >= 1_000;
  });
  const bound = await Promise.all(ids.map((id, index) => evaluate(wire, id, `x := ${index}`)));
  expect(bound.map(({ outcome }) => outcome)).toEqual(['value', 'value', 'value']);
  expect((await wire.result('ping', {})).status).toBe('ready');
});
