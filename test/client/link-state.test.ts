import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  IDLE_LINK,
  type LinkEffect,
  type LinkEvent,
  type LinkState,
  nextTick,
  step,
} from '../../src/client/link-state.js';
import { LINK_TIMING, type LinkTiming } from '../../src/client/timing.js';

/** Drives the machine by hand: a clock that moves when told, and ticks when the machine wants them. */
class Driver {
  state: LinkState = IDLE_LINK;
  now = 0;
  effects: LinkEffect[] = [];

  constructor(
    private readonly timing: LinkTiming = LINK_TIMING,
    private readonly random: () => number = () => 0.5,
  ) {}

  send(event: LinkEvent): this {
    const { state, effects } = step(this.state, event, this.now, this.random, this.timing);
    this.state = state;
    this.effects.push(...effects);
    return this;
  }

  /** Lets time pass, with every tick that falls into it. */
  pass(ms: number): this {
    const end = this.now + ms;
    for (;;) {
      const due = nextTick(this.state, this.timing);
      if (due === undefined || due > end) break;
      this.now = Math.max(this.now, due);
      this.send({ type: 'tick' });
    }
    this.now = end;
    return this;
  }

  pong(lane = this.state.primary ?? this.state.lanes.at(-1) ?? 0, busy = false): this {
    return this.send({ type: 'pong', lane, sentAt: this.now, busy });
  }

  healthy(): this {
    return this.send({ type: 'start' }).pong();
  }

  /** Answers every ping at once for a while. */
  alive(ms: number): this {
    for (let passed = 0; passed < ms; passed += 100) this.pass(100).pong();
    return this;
  }

  take(): LinkEffect[] {
    return this.effects.splice(0);
  }

  opened(): number[] {
    return this.effects.flatMap((effect) => (effect.type === 'open' ? [effect.lane] : []));
  }
}

describe('a link', () => {
  it('opens one lane at first and adopts it when it answers', () => {
    const link = new Driver().send({ type: 'start' });
    expect(link.state.phase).toBe('connecting');
    link.pong();
    expect(link.state.phase).toBe('healthy');
    expect(link.take()).toEqual([
      { type: 'open', lane: 1 },
      { type: 'phase', from: 'idle', to: 'connecting' },
      { type: 'adopt', lane: 1 },
      { type: 'ping', lane: 1 },
      { type: 'phase', from: 'connecting', to: 'healthy' },
    ]);
  });

  it('pings every half second, and stays as it is while it is answered', () => {
    const link = new Driver().healthy();
    link.take();
    link.alive(10_000);
    const pings = link.take();
    expect(pings.filter(({ type }) => type === 'ping')).toHaveLength(20);
    expect(pings.filter(({ type }) => type !== 'ping')).toEqual([]);
  });

  it('is busy and not lost while the engine is occupied', () => {
    const link = new Driver().healthy().pong(undefined, true);
    expect(link.state.phase).toBe('busy');
    for (let second = 0; second < 60; second++) link.pass(1000).pong(undefined, true);
    expect(link.state.phase).toBe('busy');
    link.pong();
    expect(link.state.phase).toBe('healthy');
  });

  it('is degraded after two pings without an answer, and lost after a second and a half of silence', () => {
    const link = new Driver().healthy().pass(1_099);
    expect(link.state.phase).toBe('healthy');
    link.pass(1);
    expect(link.state.phase).toBe('degraded');
    link.pass(399);
    expect(link.state.phase).toBe('degraded');
    link.pass(1);
    expect(link.state.phase).toBe('lost');
  });

  it('measures round trips as RFC 6298 has it', () => {
    const link = new Driver().healthy();
    const answeredAfter = (ms: number) => link.send({ type: 'pong', lane: 1, sentAt: link.now - ms, busy: false });
    link.now = 1_000;
    expect(answeredAfter(80).state.roundTrip).toEqual({ smoothed: 80, variation: 40 });
    expect(answeredAfter(160).state.roundTrip).toEqual({ smoothed: 90, variation: 50 });
  });

  it('is not taken for alive because of what another lane hears', () => {
    const link = new Driver().healthy().pass(1_100);
    const other = (link.state.primary as number) + 1;
    link.send({ type: 'heard', lane: other }).pass(400);
    expect(link.state.phase).toBe('lost');
  });

  it('is degraded while round trips are slow', () => {
    const link = new Driver().healthy();
    link.now = 700;
    link.send({ type: 'pong', lane: 1, sentAt: 0, busy: false });
    expect(link.state.phase).toBe('degraded');
  });

  it('does not count the time of connecting as a round trip', () => {
    const link = new Driver().send({ type: 'start' });
    link.now = 700;
    link.send({ type: 'pong', lane: 1, sentAt: 0, busy: false });
    expect(link.state.phase).toBe('healthy');
    expect(link.state.roundTrip).toBeNull();
  });

  it('that fell silent races new lanes beside the old one, and the first that answers wins', () => {
    const link = new Driver().healthy();
    link.take();
    link.pass(1_500 + 450);
    expect(link.opened()).toEqual([2, 3, 4, 5, 6]);
    expect(link.state.lanes).toEqual([1, 2, 3, 4, 5, 6]);
    link.take();
    link.pong(4);
    expect(link.take()).toEqual([
      { type: 'adopt', lane: 4 },
      { type: 'ping', lane: 4 },
      ...[1, 2, 3, 5, 6].map((lane) => ({ type: 'close', lane })),
      { type: 'recovered', outage: { since: 0, cause: 'silence', attempts: 5 }, until: 1_950 },
      { type: 'phase', from: 'lost', to: 'restoring' },
    ]);
    expect(link.send({ type: 'restored' }).state.phase).toBe('healthy');
  });

  it('that fell silent takes the old lane back when that one answers first', () => {
    const link = new Driver().healthy().pass(1_700);
    link.take();
    link.pong(1);
    expect(link.take()).toContainEqual({ type: 'adopt', lane: 1 });
    expect(link.state.lanes).toEqual([1]);
  });

  it('races four times as fast while somebody waits, for ten seconds', () => {
    const link = new Driver().healthy().pong().send({ type: 'work', count: 1 }).pass(1_500);
    link.take();
    expect(link.pass(1_000).opened()).toHaveLength(40);
    link.pass(LINK_TIMING.hasteMs - 2_500).take();
    expect(link.pass(1_000).opened()).toHaveLength(10);
  });

  it('races no faster than gives each lane eight round trips, where a path is slow', () => {
    const link = new Driver().healthy().send({ type: 'work', count: 1 });
    link.now = 150;
    link.send({ type: 'pong', lane: 1, sentAt: 0, busy: false }).pass(1_500);
    link.take();
    link.pass(8 * 150 - 1);
    expect(link.take().filter(({ type }) => type === 'close')).toEqual([{ type: 'close', lane: 1 }]);
  });

  it('keeps at most sixteen lanes alive in a race, and makes room by closing the oldest', () => {
    const link = new Driver().healthy().send({ type: 'work', count: 1 }).pass(60_000);
    expect(link.state.lanes).toHaveLength(16);
    expect(link.state.lanes.at(-1)).toBe(link.state.nextLane - 1);
  });

  it('looks beside the lane in use at once when the network changes, and again when routes have settled', () => {
    const link = new Driver().healthy();
    link.take();
    link.now = 100;
    link.send({ type: 'network' });
    expect(link.take()).toEqual([
      { type: 'ping', lane: 1 },
      { type: 'open', lane: 2 },
    ]);
    link.pass(40);
    expect(link.take()).toEqual([{ type: 'open', lane: 3 }]);
    expect(link.state.phase).toBe('healthy');
  });

  it('keeps its lane after a false alarm, and closes the others', () => {
    const link = new Driver().healthy();
    link.now = 100;
    link.send({ type: 'network' });
    link.take();
    link.now = 110;
    link.send({ type: 'pong', lane: 1, sentAt: 100, busy: false });
    expect(link.take()).toEqual([{ type: 'close', lane: 2 }]);
    expect(link.state.raceAt).toBeNull();
    expect(link.state.outage).toBeNull();
  });

  it('does not take an answer from before a network change for a sign that the path still works', () => {
    const link = new Driver().healthy();
    link.now = 100;
    link.send({ type: 'network' });
    link.now = 105;
    link.send({ type: 'pong', lane: 1, sentAt: 99, busy: false });
    expect(link.state.lanes).toEqual([1, 2]);
    expect(link.state.raceAt).not.toBeNull();
  });

  it('that is refused tries again after short pauses for ten seconds, and then ever more slowly, up to the cap', () => {
    const link = new Driver(LINK_TIMING, () => 1).healthy().send({ type: 'work', count: 1 });
    link.send({ type: 'closed', lane: 1, reason: 'disconnect' });
    const pauses: number[] = [];
    while (link.now < 60_000) {
      link.send({ type: 'closed', lane: link.state.lanes.at(-1) ?? 0, reason: 'refused' });
      const before = link.now;
      while (link.state.lanes.length === 0) link.pass(1);
      pauses.push(link.now - before);
    }
    const hasty = pauses.slice(0, 90);
    expect(Math.max(...hasty)).toBeLessThanOrEqual(LINK_TIMING.hastyRetryMs + LINK_TIMING.backoffFloorMs + 1);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(LINK_TIMING.backoffCapMs + LINK_TIMING.backoffFloorMs + 1);
    expect(pauses.at(-1)).toBeGreaterThan(1_900);
  });

  it('goes on racing when a lane of the race times out: the lanes after it may still be answered', () => {
    const link = new Driver().healthy().pass(2_600);
    const [, oldest = 0] = link.state.lanes;
    const others = link.state.lanes.filter((lane) => lane !== oldest);
    link.take();
    link.send({ type: 'closed', lane: oldest, reason: 'timeout' });
    expect(link.take()).toEqual([]);
    expect(link.state.lanes).toEqual(others);
    link.pass(100);
    expect(link.opened()).toHaveLength(1);
  });

  it('pauses when the single attempt after a pause times out', () => {
    const link = new Driver().send({ type: 'start' }).send({ type: 'closed', lane: 1, reason: 'refused' });
    link.pass((link.state.retryAt ?? 0) - link.now);
    expect(link.state.lanes).toEqual([2]);
    link.send({ type: 'closed', lane: 2, reason: 'timeout' });
    expect(link.state.phase).toBe('waiting');
  });

  it('spreads its pauses over the whole range, so that clients do not come back in step', () => {
    const pauseFor = (random: number): number => {
      const link = new Driver(LINK_TIMING, () => random).send({ type: 'start' });
      link.send({ type: 'closed', lane: 1, reason: 'refused' });
      return (link.state.retryAt ?? 0) - link.now;
    };
    expect(pauseFor(0)).toBe(LINK_TIMING.backoffFloorMs);
    expect(pauseFor(0.999)).toBeGreaterThan(0.9 * LINK_TIMING.backoffBaseMs);
  });

  it('tries at once when a person asks, when the machine wakes, and when somebody begins to wait', () => {
    for (const event of [{ type: 'attempt' }, { type: 'woke' }, { type: 'work', count: 1 }] as LinkEvent[]) {
      const link = new Driver(LINK_TIMING, () => 1).send({ type: 'start' });
      link.send({ type: 'closed', lane: 1, reason: 'refused' });
      expect(link.state.phase).toBe('waiting');
      link.take();
      link.send(event);
      expect(link.opened()).toEqual([2]);
    }
  });

  it('leaves a long outage that nobody waits for to the slow pace', () => {
    const link = new Driver().healthy().pass(LINK_TIMING.unattendedMs - 1);
    expect(link.state.lanes.length).toBe(16);
    link.take();
    link.pass(60_000);
    expect(link.opened().length).toBeLessThan(40);
  });

  it('gives up at once when the first connection is refused, where that was asked for', () => {
    const link = new Driver({ ...LINK_TIMING, giveUpOnRefusal: 'first' }).send({ type: 'start' });
    link.send({ type: 'closed', lane: 1, reason: 'refused' });
    expect(link.take()).toContainEqual({ type: 'giveUp', reason: 'refused' });
    expect(link.state.phase).toBe('idle');
  });

  it('gives up when the budget for an outage is spent', () => {
    const link = new Driver({ ...LINK_TIMING, outageBudgetMs: 10_000 }).healthy().pass(9_999);
    expect(link.state.phase).toBe('lost');
    link.pass(1);
    expect(link.state.phase).toBe('idle');
    expect(link.take()).toContainEqual({ type: 'giveUp', reason: 'silent' });
  });

  it('ends the race when an answer comes from a lane it has closed meanwhile: it is ignored', () => {
    const link = new Driver().healthy().pass(1_700).pong(2);
    const { state } = link;
    link.pong(3);
    expect(link.state).toEqual(state);
  });
});

describe('whatever happens to a link', () => {
  const lane = fc.integer({ min: 1, max: 40 });
  const event: fc.Arbitrary<LinkEvent | { type: 'pass'; ms: number }> = fc.oneof(
    fc.record({ type: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 5_000 }) }),
    fc.record({ type: fc.constant('pong' as const), lane, sentAt: fc.constant(0), busy: fc.boolean() }),
    fc.record({ type: fc.constant('heard' as const), lane }),
    fc.record({
      type: fc.constant('closed' as const),
      lane,
      reason: fc.constantFrom('refused', 'timeout', 'disconnect'),
    }),
    fc.record({ type: fc.constant('work' as const), count: fc.nat(3) }),
    fc.constantFrom<LinkEvent>(
      { type: 'network' },
      { type: 'woke' },
      { type: 'attempt' },
      { type: 'restored' },
      { type: 'tick' },
    ),
  );

  it('it never stops trying, never uses a closed lane, and accounts for every interruption once', () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 60 }),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (events, randoms) => {
          const link = new Driver(LINK_TIMING, () => randoms.next().value as number).send({ type: 'start' });
          for (const each of events) {
            if (each.type === 'pass') link.pass(each.ms);
            else link.send(each.type === 'pong' ? { ...each, sentAt: link.now } : each);
            const { state } = link;
            const due = nextTick(state, LINK_TIMING);
            // The budget of a first connection may be spent; then the link is idle, and only then.
            if (state.phase !== 'idle') expect(due).toBeDefined();
            expect(state.lanes.length).toBeLessThanOrEqual(LINK_TIMING.raceLanes + 1);
            if (state.primary !== null) expect(state.lanes).toContain(state.primary);
            expect(new Set(state.lanes).size).toBe(state.lanes.length);
          }
          const open = new Set<number>();
          for (const effect of link.effects) {
            if (effect.type === 'open') open.add(effect.lane);
            if (effect.type === 'close') expect(open.delete(effect.lane)).toBe(true);
          }
          const phases = link.effects.flatMap((effect) => (effect.type === 'phase' ? [effect] : []));
          for (const [index, { from }] of phases.entries()) if (index > 0) expect(from).toBe(phases[index - 1]?.to);
        },
      ),
      { numRuns: 500 },
    );
  });
});
