import { describe, expect, it } from '@jest/globals';
import { Unreachable } from '../../src/client/errors.js';
import { Presence, type PresenceOptions } from '../../src/client/presence.js';
import { ProtocolError } from '../../src/protocol/errors.js';
import { VirtualTime } from '../service/watch/virtual-time.js';

const LEASE_MS = 30_000;

type Asked = readonly [command: string, session: unknown, outageMs: unknown];

function world({ sessions = ['s'] } = {}) {
  const time = new VirtualTime();
  const asked: Asked[] = [];
  const faults: (Error | undefined)[] = [];
  /** As long as there is one, no attachment is answered. */
  let held: Promise<void> | undefined;
  const hold = () => {
    let release = () => {};
    held = new Promise((resolve) => {
      release = resolve;
    });
    return () => release();
  };
  const client = {
    clientId: 'me',
    ask: async (command: string, { session_id, outage_ms }: Record<string, unknown>) => {
      asked.push([command, session_id, outage_ms]);
      if (command === 'attach_client') await held;
      const fault = faults.shift();
      if (fault) throw fault;
      return { lease_ms: LEASE_MS };
    },
  } as unknown as PresenceOptions['client'];
  const presence = new Presence({ client, sessions, after: (ms, task) => time.after(ms, task) });
  const pass = (ms: number) => time.runUntil(time.now + ms);
  return { presence, asked, faults, hold, pass, time };
}

describe('presence', () => {
  it('is said for each session at the start, and again three times a lease', async () => {
    const { presence, asked, pass } = world({ sessions: ['s', 't'] });
    presence.arrive();
    await pass(0);
    expect(asked).toEqual([
      ['attach_client', 's', undefined],
      ['attach_client', 't', undefined],
    ]);
    await pass(LEASE_MS);
    expect(asked).toHaveLength(8);
  });

  it('is not said while the link is down, and afterwards once, with the outage', async () => {
    const { presence, asked, pass } = world();
    presence.arrive();
    await pass(0);
    presence.linkLost();
    await pass(10 * LEASE_MS);
    presence.linkBack(1_234.4);
    await pass(LEASE_MS / 3);
    expect(asked.map(([, , outage]) => outage)).toEqual([undefined, 1234, undefined]);
  });

  it('tells of outages together when the link broke again before one could be told', async () => {
    const { presence, asked, faults, pass } = world();
    presence.arrive();
    await pass(0);
    faults.push(new Unreachable('tcp://lab', 'the link was lost'));
    presence.linkBack(1_000);
    await pass(0);
    presence.linkBack(500);
    await pass(0);
    presence.linkBack(70);
    await pass(0);
    expect(asked.map(([, , outage]) => outage)).toEqual([undefined, 1000, 1500, 70]);
  });

  it('is not asked for again of a backend that does not know it, until the link was interrupted', async () => {
    const { presence, asked, faults, pass, time } = world();
    faults.push(new ProtocolError('UnknownCommand', 'There is no command attach_client'));
    presence.arrive();
    await pass(10 * LEASE_MS);
    expect(asked).toHaveLength(1);
    expect(time.pending).toBe(0);
    await presence.leave();
    expect(asked).toHaveLength(1);
  });

  it('ends with a goodbye, said once, and nothing after it', async () => {
    const { presence, asked, faults, pass, time } = world();
    presence.arrive();
    await pass(0);
    faults.push(new Unreachable('tcp://lab', 'nobody answers'));
    await Promise.all([presence.leave(), presence.leave()]);
    presence.linkBack(1_000);
    await pass(LEASE_MS);
    expect(asked.map(([command]) => command)).toEqual(['attach_client', 'detach_client']);
    expect(time.pending).toBe(0);
  });

  it('says goodbye also when it leaves before the backend has answered that it came', async () => {
    const { presence, asked, hold, pass, time } = world();
    const answer = hold();
    presence.arrive();
    const leaving = presence.leave();
    answer();
    await leaving;
    expect(asked.map(([command]) => command)).toEqual(['attach_client', 'detach_client']);
    await pass(LEASE_MS);
    expect(asked).toHaveLength(2);
    expect(time.pending).toBe(0);
  });

  it('does not wait long for an answer that does not come before it leaves', async () => {
    const { presence, hold, pass, time } = world();
    hold();
    presence.arrive();
    const leaving = presence.leave();
    await pass(LEASE_MS);
    await leaving;
    expect(time.pending).toBe(0);
  });

  it.each([
    ['is answered', undefined],
    ['fails', new Unreachable('tcp://lab', 'nobody answers')],
  ])('is renewed no more when what was under way as it ended %s', async (_, fault) => {
    const { presence, asked, faults, hold, pass, time } = world();
    const answer = hold();
    presence.arrive();
    faults.push(fault);
    presence.end();
    answer();
    await pass(10 * LEASE_MS);
    expect(asked).toHaveLength(1);
    expect(time.pending).toBe(0);
  });
});
