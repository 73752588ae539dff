/** Replies to peers that do not read them. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Dealer } from 'zeromq';
import type { Dispatcher } from '../../src/backend/dispatcher.js';
import { MAX_PEER_BYTES, MAX_STALL_MS, MAX_WAITING_BYTES, type Message, Outgoing } from '../../src/backend/outgoing.js';
import { RouterServer } from '../../src/backend/router.js';
import { Clock, quiet } from './rig.js';

/** A quarter of what one peer may have waiting. */
const LARGE = Buffer.alloc(MAX_PEER_BYTES / 4);

/** A socket whose peers take what they are allowed to. */
function socket() {
  const clock = new Clock();
  const log: string[] = [];
  const taken: string[] = [];
  const refused = new Map<string, string>();
  const outgoing = new Outgoing({
    send: async ([identity, payload]: Message) => {
      const code = refused.get(String(identity));
      if (code) throw Object.assign(new Error(code), { code });
      taken.push(`${identity} ${payload === LARGE ? 'large' : payload}`);
    },
    after: clock.after,
    monotonicMs: clock.monotonicMs,
    log: (line) => log.push(line),
  });
  const reply = (peer: string, payload: string | Buffer = LARGE) =>
    outgoing.add([Buffer.from(peer), typeof payload === 'string' ? Buffer.from(payload) : payload]);
  return { outgoing, clock, log, taken, refused, reply };
}

describe('replies', () => {
  it('leave in order, and one peer after another', async () => {
    const { taken, reply, outgoing } = socket();
    for (const payload of ['1', '2']) reply('a', payload);
    for (const payload of ['1', '2']) reply('b', payload);
    await quiet();
    expect(taken.sort()).toEqual(['a 1', 'a 2', 'b 1', 'b 2']);
    expect(outgoing.bytes).toBe(0);
  });

  it('wait for a peer that takes nothing, keep nobody else waiting, and leave in order when it does', async () => {
    const { taken, refused, reply, clock, outgoing } = socket();
    refused.set('slow', 'EAGAIN');
    for (const payload of ['1', '2', '3']) reply('slow', payload);
    reply('quick', 'now');
    await clock.pass(1_000);
    expect(taken).toEqual(['quick now']);
    refused.clear();
    await clock.pass(100);
    expect(taken.slice(1)).toEqual(['slow 1', 'slow 2', 'slow 3']);
    expect(outgoing.bytes).toBe(0);
  });

  it('are dropped beyond a number of bytes for one peer, which is said once, and not for others', async () => {
    const { taken, refused, reply, clock, outgoing, log } = socket();
    refused.set('slow', 'EAGAIN');
    for (let count = 0; count < 100; count += 1) reply('slow');
    expect(outgoing.bytes).toBeLessThanOrEqual(MAX_PEER_BYTES);
    expect(log).toHaveLength(1);
    reply('other', 'small');
    refused.clear();
    await clock.pass(200);
    expect(taken.filter((line) => line === 'slow large')).toHaveLength(3);
    expect(taken).toContain('other small');
    reply('slow', 'after');
    await clock.pass(1);
    expect(taken.at(-1)).toBe('slow after');
  });

  it('are dropped beyond a number of bytes for all peers', () => {
    const { refused, reply, outgoing } = socket();
    for (let peer = 0; peer < 100; peer += 1) {
      refused.set(`p${peer}`, 'EAGAIN');
      reply(`p${peer}`);
    }
    expect(outgoing.bytes).toBeLessThanOrEqual(MAX_WAITING_BYTES);
    expect(outgoing.bytes).toBeGreaterThan(MAX_WAITING_BYTES - 2 * LARGE.byteLength);
  });

  it.each(['EHOSTUNREACH', 'EAGAIN'])('are given up, and their memory comes back, for a peer with %s', async (code) => {
    const { taken, refused, reply, clock, outgoing } = socket();
    refused.set('gone', code);
    for (let count = 0; count < 3; count += 1) reply('gone');
    await clock.pass(code === 'EAGAIN' ? MAX_STALL_MS + 100 : 0);
    expect(outgoing.bytes).toBe(0);
    refused.clear();
    await clock.pass(MAX_STALL_MS);
    expect(taken).toEqual([]);
  });

  it('have left when the backend closes, as far as their peers take them', async () => {
    const { taken, refused, reply, clock, outgoing } = socket();
    for (const peer of ['a', 'b']) refused.set(peer, 'EAGAIN');
    for (const peer of ['a', 'b']) reply(peer, 'last');
    await quiet();
    let closed = false;
    const drained = outgoing.drain(500).then(() => {
      closed = true;
    });
    refused.delete('a');
    await clock.pass(400);
    expect([taken, closed]).toEqual([['a last'], false]);
    await clock.pass(100);
    await drained;
    refused.clear();
    await clock.pass(100);
    await outgoing.drain(500);
    expect(taken).toEqual(['a last', 'b last']);
  });

  it('go on behind one that could not be sent for another reason', async () => {
    const { taken, refused, reply, outgoing, log } = socket();
    refused.set('a', 'EINVAL');
    reply('a', '1');
    await quiet();
    refused.clear();
    reply('a', '2');
    await quiet();
    expect([taken, log, outgoing.bytes]).toEqual([['a 2'], ['send: EINVAL'], 0]);
  });
});

describe('a peer that asks and never reads', () => {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });

  it('takes a bounded part of the memory, which comes back when it goes, and others are answered', async () => {
    const mebibyte = 'x'.repeat(1024 * 1024);
    const dispatcher = { dispatch: async (bytes: Buffer) => ({ id: String(bytes), result: mebibyte }) };
    const router = new RouterServer(dispatcher as unknown as Dispatcher, () => {});
    open.push(router);
    const endpoint = await router.bind('tcp://127.0.0.1:*');
    void router.serve();
    const deaf = new Dealer({ linger: 0, receiveHighWaterMark: 1 });
    const other = new Dealer({ linger: 0 });
    open.push(deaf, other);
    for (const peer of [deaf, other]) peer.connect(endpoint);
    for (let count = 0; count < 300; count += 1) await deaf.send(`request ${count}`);
    await until(() => router.waitingBytes > MAX_PEER_BYTES / 2);
    for (let count = 0; count < 20; count += 1) {
      await other.send(`${count}`);
      expect(JSON.parse(String((await other.receive()).at(-1)))).toMatchObject({ id: `${count}` });
      expect(router.waitingBytes).toBeLessThanOrEqual(MAX_PEER_BYTES);
    }
    deaf.close();
    await until(() => router.waitingBytes === 0);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
