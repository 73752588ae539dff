/** Every timer of the client, with unit and reason. */

/** Time for the kernel to say whether anybody listens, in ms; asked only to explain a failure. */
export const PROBE_TIMEOUT_MS = 2_000;

/** Default time for an answer that needs no evaluation, in ms. */
export const REQUEST_TIMEOUT_MS = 30_000;

/** libzmq gives up a connection that the other side accepts and does not greet, in ms. */
export const HANDSHAKE_TIMEOUT_MS = 3_000;

/** A lane's connection attempt ends after four smoothed round trips, and not before this, in ms. */
export const LEAST_CONNECT_TIMEOUT_MS = 1_000;

/** When the link to a backend is doubted, tried again, and given up. All in ms unless said otherwise. */
export interface LinkTiming {
  readonly pingEveryMs: number;
  readonly silenceMs: number;
  readonly degradedAfterMs: number;
  readonly degradedRoundTripMs: number;
  readonly firstRaceMs: number;
  readonly raceEveryMs: number;
  /** Each pace of a race varies by this fraction. */
  readonly raceSpread: number;
  /** Sockets alive at once, at most. */
  readonly raceLanes: number;
  readonly networkSettleMs: number;
  readonly attemptMs: number;
  readonly unattendedMs: number;
  readonly hasteMs: number;
  readonly hastyRaceMs: number;
  readonly hastyRetryMs: number;
  readonly backoffFloorMs: number;
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
  readonly connectBudgetMs: number;
  readonly outageBudgetMs: number;
  /** `first`: nobody has answered yet, so a refusal says that there is no backend. `always`: the caller can start one. */
  readonly giveUpOnRefusal: 'never' | 'first' | 'always';
}

/** For those who stay, such as `watch`. */
export const LINK_TIMING: LinkTiming = {
  /** Three fit into the silence that counts as a loss, so two may get lost without a false alarm. */
  pingEveryMs: 500,
  /** Measured best for fixed time-outs: phi-accrual gained nothing up to 5% loss and took 12 s at 30%. */
  silenceMs: 1_500,
  /** Two pings without an answer are worth showing, not yet acting on. */
  degradedAfterMs: 1_100,
  /** Where typing ahead of an evaluation's answer begins to feel remote. */
  degradedRoundTripMs: 500,
  /** A first handshake over a slow path takes three round trips; a second socket before that only adds load. */
  firstRaceMs: 300,
  /** Ten new chances a second; a false alarm costs one SYN each. */
  raceEveryMs: 100,
  raceSpread: 0.2,
  /** At 100 ms each, a lane has 1.6 s to answer before it makes room for a new one. */
  raceLanes: 16,
  /** A kernel tells of an address before the route to use it is there; the second try comes when both should be. */
  networkSettleMs: 40,
  /** A single attempt after a pause: one connection over a path of 300 ms with a packet lost. */
  attemptMs: 2_000,
  /** Nobody waits for an answer: after this long a race is not worth its packets. */
  unattendedMs: 60_000,
  /** Most outages are over by then, such as a backend's restart or a change of networks; somebody is waiting for it. */
  hasteMs: 10_000,
  /** Pace of a race meanwhile: mosh sends every 50 ms, and its user is not to be back earlier than ours. */
  hastyRaceMs: 25,
  /** Ceiling of the pause meanwhile: 50 ms on average. */
  hastyRetryMs: 100,
  backoffFloorMs: 5,
  backoffBaseMs: 100,
  /** A returning backend is noticed within this, and a thousand waiting clients cost it 500 connections a second. */
  backoffCapMs: 2_000,
  connectBudgetMs: Number.POSITIVE_INFINITY,
  outageBudgetMs: Number.POSITIVE_INFINITY,
  giveUpOnRefusal: 'never',
};

/** For one request and its answer: an outage longer than this is the caller's to deal with. */
export const ONE_SHOT_TIMING: LinkTiming = {
  ...LINK_TIMING,
  /** A host that accepts or answers nothing for this long is not there. */
  connectBudgetMs: 5_000,
  outageBudgetMs: 10_000,
  giveUpOnRefusal: 'first',
};
