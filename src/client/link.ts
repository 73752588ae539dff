/** Runs the link's state machine on real sockets and clocks: carries out its effects, and feeds it what happens. */
import { DEADLINE_STEP_MS, type DeadlineClock, PROCESS_CLOCK, STOPPED_AFTER_MS } from '../time/deadline.js';
import { type Lane, type LaneListener, openLane } from './lane.js';
import { budgetEnd, IDLE_LINK, type LinkEffect, type LinkEvent, type LinkState, nextTick, step } from './link-state.js';
import { probe } from './probe.js';
import { LEAST_CONNECT_TIMEOUT_MS, type LinkTiming } from './timing.js';

/** What a link needs of the world; a simulator gives it another one. */
export interface LinkRuntime extends DeadlineClock {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly openLane: (endpoint: string, connectTimeoutMs: number, listener: LaneListener) => Lane;
  /** What the kernel says of an endpoint that nobody answers at; nothing when it accepts connections. */
  readonly probe: (endpoint: string) => Promise<string | undefined>;
}

export const REAL_RUNTIME: LinkRuntime = {
  ...PROCESS_CLOCK,
  random: Math.random,
  openLane,
  probe,
};

export interface LinkListener {
  /** A frame that is no answer to one of the link's own pings. */
  message(frame: Buffer): void;
  /** Everything unanswered has to be sent again, unless it was sent on this lane. */
  adopted(lane: number): void;
  /** What was sent on this lane may have arrived. */
  connected(lane: number): void;
  /** Any other effect, for those who show or count them. */
  effect(effect: LinkEffect, state: LinkState): void;
}

/** Marks the ids of pings, so that their answers are told from those of requests without parsing. */
const PING_ID = /^\{"id":"ping-(\d+)-(\d+)"/;

/** A reply's id comes first and short. */
const ID_BYTES = 64;

export class Link {
  #state: LinkState = IDLE_LINK;
  readonly #lanes = new Map<number, Lane>();
  readonly #pings = new Map<string, { lane: number; sentAt: number }>();
  #cancelTick: () => void = () => {};
  /** When the tick comes, as long as this process runs. */
  #tickAt: number | undefined;
  #pingCount = 0;

  constructor(
    private readonly endpoint: string,
    private readonly timing: LinkTiming,
    private readonly listener: LinkListener,
    private readonly runtime: LinkRuntime,
  ) {}

  get state(): LinkState {
    return this.#state;
  }

  take(event: LinkEvent): void {
    const late = this.#tickAt === undefined ? 0 : this.runtime.now() - this.#tickAt;
    this.#tickAt = undefined;
    // What would have been heard meanwhile may lie unread: it is no silence, and no part of an outage's budget.
    if (late > STOPPED_AFTER_MS) this.#step({ type: 'woke', stoppedMs: late });
    this.#step(event);
    this.#schedule();
  }

  #step(event: LinkEvent): void {
    const { now, random } = this.runtime;
    const { state, effects } = step(this.#state, event, now(), random, this.timing);
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
  }

  /**
   * Sends on the lane in use; before any has answered, on the first: an answer there saves a round trip.
   * @returns the lane, if there was one
   */
  send(frame: string): number | undefined {
    const { primary, lanes, everHeard } = this.#state;
    const lane = primary ?? (everHeard ? undefined : lanes[0]);
    if (lane !== undefined) this.#lanes.get(lane)?.send(frame);
    return lane;
  }

  close(): void {
    this.#cancelTick();
    this.#tickAt = undefined;
    for (const lane of this.#lanes.values()) lane.close();
    this.#lanes.clear();
    this.#pings.clear();
    this.#state = IDLE_LINK;
  }

  #carryOut(effect: LinkEffect): void {
    switch (effect.type) {
      case 'open':
        this.#open(effect.lane);
        this.#ping(effect.lane);
        break;
      case 'close':
        this.#lanes.get(effect.lane)?.close();
        this.#forget(effect.lane);
        break;
      case 'ping':
        this.#ping(effect.lane);
        break;
      case 'adopt':
        this.listener.adopted(effect.lane);
    }
    this.listener.effect(effect, this.#state);
  }

  #open(id: number): void {
    const { roundTrip } = this.#state;
    const timeoutMs = Math.max(LEAST_CONNECT_TIMEOUT_MS, Math.ceil(4 * (roundTrip?.smoothed ?? 0)));
    const lane = this.runtime.openLane(this.endpoint, timeoutMs, {
      connected: () => this.listener.connected(id),
      message: (frame) => this.#received(id, frame),
      closed: (reason) => {
        this.#forget(id);
        this.take({ type: 'closed', lane: id, reason });
      },
    });
    this.#lanes.set(id, lane);
  }

  #forget(lane: number): void {
    this.#lanes.delete(lane);
    for (const [id, ping] of this.#pings) if (ping.lane === lane) this.#pings.delete(id);
  }

  #ping(lane: number): void {
    const id = `ping-${lane}-${++this.#pingCount}`;
    this.#pings.set(id, { lane, sentAt: this.runtime.now() });
    this.#lanes.get(lane)?.send(JSON.stringify({ id, command: 'ping', parameters: {} }));
  }

  #received(lane: number, frame: Buffer): void {
    const match = PING_ID.exec(frame.toString('latin1', 0, ID_BYTES));
    if (!match) {
      this.take({ type: 'heard', lane });
      this.listener.message(frame);
      return;
    }
    const id = `ping-${match[1]}-${match[2]}`;
    const ping = this.#pings.get(id);
    this.#pings.delete(id);
    if (ping) this.take({ type: 'pong', lane, sentAt: ping.sentAt, busy: isBusy(frame) });
  }

  #schedule(): void {
    this.#cancelTick();
    const due = nextTick(this.#state, this.timing);
    if (due === undefined || due === Number.POSITIVE_INFINITY) return;
    const now = this.runtime.now();
    // Where time is limited, steps are short: a stop that ends before the tick is due would count as time that was given.
    const isLimited = this.#state.primary === null && Number.isFinite(budgetEnd(this.#state, this.timing));
    const wait = Math.min(Math.max(0, due - now), isLimited ? DEADLINE_STEP_MS : Number.POSITIVE_INFINITY);
    this.#tickAt = now + wait;
    this.#cancelTick = this.runtime.after(wait, () => this.take({ type: 'tick' }));
  }
}

function isBusy(frame: Buffer): boolean {
  try {
    const { result } = JSON.parse(frame.toString('utf8')) as { result?: { busy?: number } };
    return (result?.busy ?? 0) > 0;
  } catch {
    return false;
  }
}
