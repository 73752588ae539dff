/**
 * The failure detector and the reconnection policy, as a pure state machine: (state, event, now, random) -> (state,
 * effects). It opens no socket and reads no clock, so every schedule of faults can be tried in a simulator.
 *
 * A lane is one socket, never used again after a failure. Evidence of trouble starts a race: new lanes beside the old
 * one; the first that answers carries the requests from then on, and everything unanswered is sent again on it.
 */
import type { LinkTiming } from './timing.js';

export type Phase = 'idle' | 'connecting' | 'healthy' | 'degraded' | 'busy' | 'lost' | 'waiting' | 'restoring';

export type OutageCause = 'silence' | 'disconnect' | 'refused';

/** An interruption. Times are on the monotonic clock, in ms. */
export interface Outage {
  /** The last sign of life before it. */
  readonly since: number;
  readonly cause: OutageCause;
  /** Sockets opened to end it. */
  readonly attempts: number;
}

export interface LinkState {
  readonly phase: Phase;
  /** Sockets being tried or in use, oldest first. */
  readonly lanes: readonly number[];
  /** The lane that carries requests; null while none has answered. */
  readonly primary: number | null;
  readonly nextLane: number;
  /** When the backend last gave a sign of life; before the first, when connecting began. */
  readonly heardAt: number;
  /** False until the backend has answered once. */
  readonly everHeard: boolean;
  readonly pingAt: number | null;
  /** When the next lane of a race opens; null when there is no race. */
  readonly raceAt: number | null;
  /** A race beside a primary that may well be alive is settled by an answer to a ping sent after this. */
  readonly suspectedAt: number | null;
  /** When a pause between attempts ends; null when there is none. */
  readonly retryAt: number | null;
  /** When the single attempt after a pause is given up; null when there is none. */
  readonly attemptEndsAt: number | null;
  /** Consecutive attempts that failed. */
  readonly failures: number;
  readonly outage: Outage | null;
  /** Smoothed round trip and its variation, in ms (RFC 6298, section 2). */
  readonly roundTrip: { readonly smoothed: number; readonly variation: number } | null;
  /** Requests without an answer. */
  readonly work: number;
  readonly workEndedAt: number;
}

export type LinkEvent =
  | { readonly type: 'start' }
  /** An answer to a ping that left at `sentAt`; `busy` when the engine behind the backend is occupied. */
  | { readonly type: 'pong'; readonly lane: number; readonly sentAt: number; readonly busy: boolean }
  /** Any other message. */
  | { readonly type: 'heard'; readonly lane: number }
  | { readonly type: 'closed'; readonly lane: number; readonly reason: 'refused' | 'timeout' | 'disconnect' }
  /** An address, link or route of this machine changed. */
  | { readonly type: 'network' }
  /** The machine slept, or this process was stopped: for `stoppedMs` on the clock of `now` it could hear nothing. */
  | { readonly type: 'woke'; readonly stoppedMs?: number }
  /** A person asks for an attempt now. */
  | { readonly type: 'attempt' }
  | { readonly type: 'work'; readonly count: number }
  /** What the recovered link is for has been brought back. */
  | { readonly type: 'restored' }
  | { readonly type: 'tick' };

export type LinkEffect =
  /** Open a socket and send a ping on it. */
  | { readonly type: 'open'; readonly lane: number }
  | { readonly type: 'close'; readonly lane: number }
  | { readonly type: 'ping'; readonly lane: number }
  /** Requests go to this lane from now on; everything unanswered is sent again on it. */
  | { readonly type: 'adopt'; readonly lane: number }
  | { readonly type: 'phase'; readonly from: Phase; readonly to: Phase }
  | { readonly type: 'recovered'; readonly outage: Outage; readonly until: number }
  /** The budget for reaching the backend is spent; the link is idle again. */
  | { readonly type: 'giveUp'; readonly reason: 'refused' | 'silent' };

export interface Step {
  readonly state: LinkState;
  readonly effects: readonly LinkEffect[];
}

/** A link that was not started. */
export const IDLE_LINK: LinkState = {
  phase: 'idle',
  lanes: [],
  primary: null,
  nextLane: 1,
  heardAt: 0,
  everHeard: false,
  pingAt: null,
  raceAt: null,
  suspectedAt: null,
  retryAt: null,
  attemptEndsAt: null,
  failures: 0,
  outage: null,
  roundTrip: null,
  work: 0,
  workEndedAt: 0,
};

/** @returns when the machine next wants a `tick`, on the clock of `now`; undefined for never */
export function nextTick(state: LinkState, timing: LinkTiming): number | undefined {
  if (state.phase === 'idle') return undefined;
  const due = [state.pingAt, state.raceAt, state.retryAt, state.attemptEndsAt].filter((time) => time !== null);
  if (state.primary !== null) {
    due.push(state.heardAt + timing.silenceMs);
    if (state.phase !== 'degraded') due.push(state.heardAt + timing.degradedAfterMs);
  } else due.push(budgetEnd(state, timing));
  return Math.min(...due);
}

/**
 * Decides what follows from an event.
 * @param now monotonic clock, in ms
 * @param random uniform in [0, 1)
 */
export function step(state: LinkState, event: LinkEvent, now: number, random: () => number, timing: LinkTiming): Step {
  const turn = new Turn(state, now, random, timing);
  turn.take(event);
  return turn.done();
}

/** @returns when a link that nobody answers on is given up, on the clock of `now`; infinite for never */
export function budgetEnd(state: LinkState, timing: LinkTiming): number {
  return state.heardAt + (state.everHeard ? timing.outageBudgetMs : timing.connectBudgetMs);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** One step: a copy of the state to change, and the effects so far. */
class Turn {
  readonly #state: Mutable<LinkState>;
  readonly #effects: LinkEffect[] = [];

  constructor(
    private readonly before: LinkState,
    private readonly now: number,
    private readonly random: () => number,
    private readonly timing: LinkTiming,
  ) {
    this.#state = { ...before };
  }

  done(): Step {
    const { phase: from } = this.before;
    const { phase: to } = this.#state;
    if (from !== to) this.#effects.push({ type: 'phase', from, to });
    return { state: this.#state, effects: this.#effects };
  }

  take(event: LinkEvent): void {
    if (event.type === 'start') this.#start();
    else if (event.type === 'work') this.#setWork(event.count);
    else if (this.#state.phase !== 'idle') this.#takeWhileStarted(event);
  }

  #takeWhileStarted(event: LinkEvent): void {
    switch (event.type) {
      case 'pong':
        this.#answered(event.lane, event.sentAt, event.busy);
        break;
      case 'heard':
        if (event.lane === this.#state.primary) this.#state.heardAt = this.now;
        break;
      case 'closed':
        this.#closed(event.lane, event.reason);
        break;
      case 'network':
        this.#suspect(this.timing.networkSettleMs);
        break;
      case 'woke':
        this.#stopped(event.stoppedMs ?? 0);
        this.#suspect(this.timing.raceEveryMs);
        break;
      case 'attempt':
        this.#suspect(this.timing.raceEveryMs);
        break;
      case 'restored':
        if (this.#state.phase === 'restoring') this.#state.phase = 'healthy';
        break;
      case 'tick':
        this.#tick();
    }
  }

  #start(): void {
    if (this.#state.phase !== 'idle') return;
    this.#state.phase = 'connecting';
    this.#state.heardAt = this.now;
    this.#state.everHeard = false;
    this.#open();
    this.#state.raceAt = this.now + this.#about(this.timing.firstRaceMs);
  }

  #setWork(count: number): void {
    const { work, retryAt } = this.#state;
    if (work > 0 && count === 0) this.#state.workEndedAt = this.now;
    this.#state.work = count;
    // An outage that was left to the slow pace has somebody waiting now.
    if (work === 0 && count > 0 && retryAt !== null) this.#race();
  }

  #answered(lane: number, sentAt: number, busy: boolean): void {
    if (!this.#state.lanes.includes(lane)) return;
    this.#state.heardAt = this.now;
    this.#state.everHeard = true;
    const { suspectedAt } = this.#state;
    // An answer to a question from before the suspicion says nothing about the path since, nor how long it takes.
    if (lane === this.#state.primary && suspectedAt !== null && sentAt < suspectedAt) return;
    // The first ping of a lane waits for the connection, so its time says nothing about the path.
    if (lane === this.#state.primary) this.#measure(this.now - sentAt);
    if (lane !== this.#state.primary) {
      this.#state.primary = lane;
      this.#state.pingAt = this.now + this.timing.pingEveryMs;
      this.#effects.push({ type: 'adopt', lane }, { type: 'ping', lane });
    }
    for (const other of this.#state.lanes) if (other !== lane) this.#close(other);
    this.#endAttempts();
    this.#state.failures = 0;
    const { outage } = this.#state;
    if (outage) {
      this.#effects.push({ type: 'recovered', outage, until: this.now });
      this.#state.outage = null;
      this.#state.phase = 'restoring';
    } else if (this.#state.phase !== 'restoring') this.#state.phase = this.#health(busy);
  }

  #health(busy: boolean): Phase {
    if (busy) return 'busy';
    const { roundTrip } = this.#state;
    return roundTrip && roundTrip.smoothed > this.timing.degradedRoundTripMs ? 'degraded' : 'healthy';
  }

  /** A timeout says nothing about the other lanes of a race, which were opened later: the network may be back since. */
  #closed(lane: number, reason: 'refused' | 'timeout' | 'disconnect'): void {
    if (!this.#state.lanes.includes(lane)) return;
    this.#state.lanes = this.#state.lanes.filter((other) => other !== lane);
    if (lane === this.#state.primary) {
      this.#lose('disconnect');
      this.#race();
    } else if (this.#state.primary !== null) return;
    else if (reason === 'refused') this.#refused();
    else if (this.#state.attemptEndsAt !== null && this.#state.lanes.length === 0) this.#pause();
  }

  /** A kernel answered for the backend: the network is there and the backend is not. A race cannot be won. */
  #refused(): void {
    const { giveUpOnRefusal } = this.timing;
    if (giveUpOnRefusal === 'always' || (giveUpOnRefusal === 'first' && !this.#state.everHeard)) {
      this.#giveUp('refused');
      return;
    }
    if (this.#state.outage) this.#state.outage = { ...this.#state.outage, cause: 'refused' };
    this.#pause();
  }

  /** Something happened that connections seldom survive: look beside the one in use without giving it up. */
  #suspect(secondAfterMs: number): void {
    const { primary } = this.#state;
    if (primary !== null) {
      this.#state.suspectedAt = this.now;
      this.#effects.push({ type: 'ping', lane: primary });
    }
    this.#race();
    this.#state.raceAt = this.now + secondAfterMs;
  }

  /** Neither silence nor an outage's budget counts while nobody listened; and what is left of it is enough for an attempt. */
  #stopped(stoppedMs: number): void {
    if (stoppedMs === 0) return;
    const { heardAt, workEndedAt, everHeard, primary } = this.#state;
    const { outageBudgetMs, connectBudgetMs, attemptMs } = this.timing;
    const lastAttempt = this.now + attemptMs - (everHeard ? outageBudgetMs : connectBudgetMs);
    const since = primary === null ? Math.max(heardAt + stoppedMs, lastAttempt) : heardAt + stoppedMs;
    this.#state.heardAt = Math.min(this.now, since);
    this.#state.workEndedAt = Math.min(this.now, workEndedAt + stoppedMs);
  }

  #lose(cause: OutageCause): void {
    this.#state.primary = null;
    this.#state.pingAt = null;
    this.#state.suspectedAt = null;
    this.#state.phase = 'lost';
    this.#state.outage ??= { since: this.#state.heardAt, cause, attempts: 0 };
  }

  /** Opens a lane now and another every so often, until one answers. */
  #race(): void {
    if (this.#state.primary === null) this.#state.phase = this.#state.everHeard ? 'lost' : 'connecting';
    this.#state.retryAt = null;
    this.#state.attemptEndsAt = null;
    const oldest = this.#state.lanes.find((lane) => lane !== this.#state.primary);
    if (this.#state.lanes.length >= this.timing.raceLanes && oldest !== undefined) this.#close(oldest);
    this.#open();
    this.#state.raceAt = this.now + this.#about(this.#pace());
  }

  /** Fast while the outage is fresh and somebody waits, but a lane must have eight round trips before it makes room. */
  #pace(): number {
    const { hastyRaceMs, raceEveryMs, raceLanes } = this.timing;
    const { roundTrip } = this.#state;
    if (!this.#isHasty() || !roundTrip) return raceEveryMs;
    return Math.min(raceEveryMs, Math.max(hastyRaceMs, (8 * roundTrip.smoothed) / raceLanes));
  }

  #isHasty(): boolean {
    return this.#state.work > 0 && this.now - this.#state.heardAt < this.timing.hasteMs;
  }

  /** Lets go of everything and waits: not long while somebody is waiting and the backend may be restarting. */
  #pause(): void {
    for (const lane of this.#state.lanes) this.#close(lane);
    this.#endAttempts();
    this.#state.phase = 'waiting';
    const { backoffFloorMs, backoffCapMs, backoffBaseMs, hastyRetryMs } = this.timing;
    const ceiling = this.#isHasty()
      ? hastyRetryMs
      : Math.min(backoffCapMs, backoffBaseMs * 2 ** Math.min(this.#state.failures, 30));
    this.#state.failures += 1;
    // Full jitter: clients that lost the same backend must not come back in step.
    this.#state.retryAt = this.now + backoffFloorMs + this.random() * ceiling;
  }

  #tick(): void {
    const { primary, pingAt, heardAt, retryAt, attemptEndsAt } = this.#state;
    if (primary === null && this.now >= budgetEnd(this.#state, this.timing)) {
      this.#giveUp('silent');
      return;
    }
    // The same sums as in nextTick: a difference may be rounded to the other side, and the tick would come again at once.
    if (primary !== null && this.now >= heardAt + this.timing.silenceMs) {
      this.#lose('silence');
      this.#race();
    } else if (primary !== null && this.now >= heardAt + this.timing.degradedAfterMs) {
      this.#state.phase = 'degraded';
    }
    if (this.#state.primary !== null && pingAt !== null && this.now >= pingAt) {
      this.#effects.push({ type: 'ping', lane: this.#state.primary });
      this.#state.pingAt = this.now + this.timing.pingEveryMs;
    }
    if (retryAt !== null && this.now >= retryAt) this.#attempt();
    else if (attemptEndsAt !== null && this.now >= attemptEndsAt) this.#pause();
    else if (this.#state.raceAt !== null && this.now >= this.#state.raceAt) this.#goOnRacing();
  }

  #goOnRacing(): void {
    const quietSince = Math.max(this.#state.heardAt, this.#state.workEndedAt);
    const unattended = this.#state.work === 0 && this.now - quietSince >= this.timing.unattendedMs;
    if (unattended && this.#state.primary === null) this.#pause();
    else this.#race();
  }

  #attempt(): void {
    this.#state.retryAt = null;
    this.#open();
    this.#state.attemptEndsAt = this.now + this.timing.attemptMs;
  }

  #giveUp(reason: 'refused' | 'silent'): void {
    for (const lane of this.#state.lanes) this.#close(lane);
    this.#endAttempts();
    this.#state.primary = null;
    this.#state.pingAt = null;
    // An outage that is given up goes on; whoever starts the link again may end it.
    this.#state.phase = 'idle';
    this.#effects.push({ type: 'giveUp', reason });
  }

  #open(): void {
    const lane = this.#state.nextLane;
    this.#state.nextLane += 1;
    this.#state.lanes = [...this.#state.lanes, lane];
    if (this.#state.outage) this.#state.outage = { ...this.#state.outage, attempts: this.#state.outage.attempts + 1 };
    this.#effects.push({ type: 'open', lane });
  }

  #close(lane: number): void {
    this.#state.lanes = this.#state.lanes.filter((other) => other !== lane);
    this.#effects.push({ type: 'close', lane });
  }

  #endAttempts(): void {
    this.#state.raceAt = null;
    this.#state.retryAt = null;
    this.#state.attemptEndsAt = null;
    this.#state.suspectedAt = null;
  }

  #measure(sample: number): void {
    const { roundTrip } = this.#state;
    this.#state.roundTrip = roundTrip
      ? {
          variation: 0.75 * roundTrip.variation + 0.25 * Math.abs(roundTrip.smoothed - sample),
          smoothed: 0.875 * roundTrip.smoothed + 0.125 * sample,
        }
      : { smoothed: sample, variation: sample / 2 };
  }

  #about(ms: number): number {
    return ms * (1 + this.timing.raceSpread * (2 * this.random() - 1));
  }
}
