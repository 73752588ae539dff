/** The link on sockets and clocks of a test: what it sends where, and what a stop of the process does to it. */
import { describe, expect, it } from '@jest/globals';
import { BackendClient, type OutageListener } from '../../src/client/backend-client.js';
import { RequestTimedOut, Unreachable } from '../../src/client/errors.js';
import type { Lane, LaneListener } from '../../src/client/lane.js';
import type { LinkEffect } from '../../src/client/link-state.js';
import { LINK_TIMING, type LinkTiming, ONE_SHOT_TIMING } from '../../src/client/timing.js';
import type { ProtocolError } from '../../src/protocol/errors.js';
import { MAX_MESSAGE_BYTES, MAX_NESTING_DEPTH } from '../../src/protocol/limits.js';
import { VirtualTime } from '../service/watch/virtual-time.js';

const MINUTE = 60_000;

/** A socket of which a test sees what was sent on it, and says what comes. */
class HandLane implements Lane {
  readonly sent: { readonly id: string; readonly command: string }[] = [];
  isOpen = true;

  constructor(readonly listener: LaneListener) {}

  send(frame: string): void {
    this.sent.push(JSON.parse(frame));
  }

  close(): void {
    this.isOpen = false;
  }

  get requests(): string[] {
    return this.sent.filter(({ command }) => command !== 'ping').map(({ id }) => id);
  }

  /** Answers every ping so far. */
  pong(): void {
    for (const { id } of this.sent.filter(({ command }) => command === 'ping')) this.answer(id, {});
  }

  refuse(id: string | undefined, error_type: string): void {
    this.listener.message(Buffer.from(JSON.stringify({ id, status: 'error', error: '', error_type, timestamp: '' })));
  }

  answer(id: string | undefined, result: unknown): void {
    this.listener.message(Buffer.from(JSON.stringify({ id, status: 'success', result, timestamp: '' })));
  }
}

async function linked(timing: LinkTiming = ONE_SHOT_TIMING) {
  const time = new VirtualTime();
  const lanes: HandLane[] = [];
  const effects: LinkEffect[] = [];
  const client = await BackendClient.open('tcp://127.0.0.1:1', {
    timing,
    onEffect: (effect) => effects.push(effect),
    runtime: {
      now: () => time.now,
      random: () => 0.5,
      after: (ms, task) => time.after(ms, task),
      openLane: (_endpoint, _timeoutMs, listener) => {
        const lane = new HandLane(listener);
        lanes.push(lane);
        return lane;
      },
      probe: async () => undefined,
    },
  });
  const lane = (index: number) => lanes.at(index) as HandLane;
  return { client, time, lane, lanes, effects, pass: (ms: number) => time.runUntil(time.now + ms) };
}

/** Keeps whatever became of it. */
function outcomeOf(work: Promise<unknown>): { value: unknown } {
  const outcome: { value: unknown } = { value: 'none' };
  work.then(
    (value) => {
      outcome.value = value;
    },
    (error) => {
      outcome.value = error;
    },
  );
  return outcome;
}

describe('a process that was stopped for longer than a backend is waited for', () => {
  it('goes on waiting for the answer of one that is well', async () => {
    const { client, time, lane, pass } = await linked();
    lane(0).pong();
    const info = outcomeOf(client.request('get_backend_status', {}));
    time.stop(MINUTE);
    await pass(0);
    lane(0).pong();
    await pass(100);
    for (const each of [lane(0), lane(-1)]) each.answer(each.requests[0], { alive: true });
    await pass(0);
    expect(info.value).toEqual({ alive: true });
    expect(client.link.outage).toBeNull();
  });

  it('gives one that answers nothing the rest of its time, and enough for an attempt', async () => {
    const { client, lane, time, pass } = await linked();
    lane(0).pong();
    await pass(ONE_SHOT_TIMING.outageBudgetMs - 500);
    const info = outcomeOf(client.request('get_backend_status', {}));
    time.stop(MINUTE);
    await pass(ONE_SHOT_TIMING.attemptMs - 300);
    expect(info.value).toBe('none');
    await pass(ONE_SHOT_TIMING.attemptMs);
    expect(info.value).toBeInstanceOf(Unreachable);
  });

  it('loses nothing of the time it had waited for a first answer, whenever it was stopped', async () => {
    const { client, time, pass, effects } = await linked();
    const info = outcomeOf(client.request('get_backend_status', {}));
    await pass(1_000);
    time.stop(MINUTE);
    await pass(ONE_SHOT_TIMING.connectBudgetMs - 1_500);
    expect(info.value).toBe('none');
    await pass(2_000);
    expect(effects).toContainEqual({ type: 'giveUp', reason: 'silent' });
    expect(info.value).toBeInstanceOf(Unreachable);
  });

  it('is not made out of the pauses of one that runs all the time', async () => {
    const { client, lane, lanes, pass } = await linked({ ...LINK_TIMING });
    lane(0).pong();
    await pass(2 * MINUTE);
    const [since, before] = [client.link.outage?.since, lanes.length];
    await pass(MINUTE);
    expect(client.link.outage?.since).toBe(since);
    // At the pace of a long outage: each attempt has its time, and a pause behind it. Whoever wakes up tries at once.
    expect(lanes.length - before).toBeLessThan(MINUTE / LINK_TIMING.attemptMs);
    client.close();
  });

  it('does not count the stop among the time for an answer', async () => {
    const { client, time, lane, pass } = await linked({ ...LINK_TIMING });
    lane(0).pong();
    const info = outcomeOf(client.request('get_backend_status', {}, 5_000));
    const answering = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 250) {
        await pass(250);
        for (const each of [lane(0), lane(-1)]) each.pong();
      }
    };
    await answering(1_000);
    time.stop(MINUTE);
    await answering(3_000);
    expect(info.value).toBe('none');
    await answering(2_000);
    expect(info.value).toBeInstanceOf(RequestTimedOut);
  });

  it('takes no measure of the path from a question that lay in it meanwhile', async () => {
    const { client, lane, time, pass } = await linked();
    lane(0).pong();
    lane(0).pong();
    await pass(500);
    const { roundTrip } = client.link;
    time.stop(MINUTE);
    lane(0).pong();
    expect(client.link.roundTrip).toEqual(roundTrip);
  });
});

describe('a link that was given up', () => {
  it('has its outage over when it is used again and answers: told once, from its beginning', async () => {
    const { client, lane, pass } = await linked();
    const told: unknown[] = [];
    const listener: OutageListener = { began: () => told.push('began'), ended: (outageMs) => told.push(outageMs) };
    client.onOutage(listener);
    lane(0).pong();
    lane(0).listener.closed('disconnect');
    await pass(ONE_SHOT_TIMING.outageBudgetMs + 1_000);
    expect(client.link.phase).toBe('idle');
    const info = outcomeOf(client.request('get_backend_status', {}));
    await pass(0);
    lane(-1).pong();
    lane(-1).answer(lane(-1).requests[0], { alive: true });
    await pass(0);
    expect(info.value).toEqual({ alive: true });
    expect(told).toEqual(['began', ONE_SHOT_TIMING.outageBudgetMs + 1_000]);
  });
});

describe('what a link forgets and sends again', () => {
  it('forgets the pings of a socket that ended, and no others', async () => {
    const { client, lane, pass } = await linked();
    lane(0).pong();
    client.tell({ type: 'network' });
    lane(1).listener.closed('disconnect');
    await pass(20);
    lane(0).pong();
    expect(client.link).toMatchObject({ primary: 1, heardAt: 20, raceAt: null });
    expect(client.link.roundTrip?.smoothed).toBeGreaterThan(0);
  });

  it('sends a request again on the socket that won, and only once there', async () => {
    const { client, lane, pass } = await linked();
    void outcomeOf(client.request('get_backend_status', {}));
    await pass(400);
    expect([lane(0).requests.length, lane(1).requests.length]).toEqual([1, 0]);
    lane(1).pong();
    expect(lane(1).requests).toEqual(lane(0).requests);
  });

  it.each([true, false])('says of an error whether the request may have been carried out before: %s', async (stood) => {
    const { client, lane, pass } = await linked();
    const info = outcomeOf(client.request('get_backend_status', {}));
    if (stood) lane(0).pong();
    lane(0).listener.closed(stood ? 'disconnect' : 'timeout');
    await pass(500);
    lane(-1).pong();
    lane(-1).refuse(lane(-1).requests[0], 'SessionNotFound');
    await pass(0);
    expect(info.value).toMatchObject({ type: 'SessionNotFound' });
    expect((info.value as ProtocolError).askedAgain === true).toBe(stood);
  });

  it.each([
    ['is connected: it may', 0, true],
    ['is not, though another one is: it cannot', 1, false],
  ])('says of a request whether it may have arrived, where its socket %s', async (_, connected, mayHaveArrived) => {
    const { client, lane, lanes, pass } = await linked();
    const info = outcomeOf(client.request('get_backend_status', {}));
    await pass(ONE_SHOT_TIMING.firstRaceMs * 2);
    expect(lanes.length).toBeGreaterThan(1);
    lane(connected).listener.connected();
    await pass(ONE_SHOT_TIMING.connectBudgetMs * 2);
    expect(info.value).toMatchObject({ name: 'Unreachable', mayHaveArrived });
  });

  it('does not send a request again on the socket that it is under way on already', async () => {
    const { client, lane } = await linked();
    void outcomeOf(client.request('get_backend_status', {}));
    lane(0).pong();
    expect(lane(0).requests).toHaveLength(1);
  });
});

describe('a request that no backend could answer, because it cannot read whose it is', () => {
  const deep = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);

  it.each([
    ['too large', { code: 'x'.repeat(MAX_MESSAGE_BYTES) }],
    ['nested too deep', { patch: deep(MAX_NESTING_DEPTH) }],
  ])('is refused at once where it is %s, and nothing is sent', async (_what, parameters) => {
    const { client, lane, pass } = await linked();
    lane(0).pong();
    const answer = outcomeOf(client.request('evaluate', parameters as never));
    await pass(0);
    expect(answer.value).toMatchObject({ type: 'MessageTooLarge' });
    expect(lane(0).requests).toEqual([]);
  });
});
