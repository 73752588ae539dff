/** The ROUTER socket: takes requests as they come, answers each when it is done. */
import { Router } from 'zeromq';
import { MAX_FRAME_BYTES } from '../protocol/limits.js';
import type { Dispatcher } from './dispatcher.js';
import type { Log } from './log.js';
import { Outgoing } from './outgoing.js';
import { MAX_SOCKETS } from './settings.js';
import { REAL_TIMER } from './timer.js';

/**
 * Replies that libzmq holds for one peer, in messages, since it counts no bytes: enough to keep a connection busy. The rest
 * waits here, where bytes are counted.
 */
const SEND_HIGH_WATER_MARK = 8;

/**
 * A peer that has not said by then that it speaks ZeroMQ is let go of, in ms: each takes a file descriptor. Three round trips
 * over the worst line that a client still works on.
 */
const HANDSHAKE_MS = 10_000;

/** Time for replies to leave when the socket closes, in ms. */
const LINGER_MS = 500;

export class RouterServer {
  readonly #socket = new Router({
    maxMessageSize: MAX_FRAME_BYTES,
    sendHighWaterMark: SEND_HIGH_WATER_MARK,
    // What a peer does not take comes back as an error, at once, instead of being lost in silence.
    mandatory: true,
    sendTimeout: 0,
    linger: LINGER_MS,
    backlog: MAX_SOCKETS,
    handshakeInterval: HANDSHAKE_MS,
  });
  readonly #outgoing: Outgoing;
  #closed = false;

  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly log: Log,
  ) {
    this.#outgoing = new Outgoing({
      send: async (message) => {
        if (!this.#closed) await this.#socket.send([...message]);
      },
      after: REAL_TIMER,
      monotonicMs: () => performance.now(),
      log,
    });
  }

  /** Bytes of replies that wait for their peers to take them. */
  get waitingBytes(): number {
    return this.#outgoing.bytes;
  }

  /** @returns the endpoint bound, with the port filled in where it was `*` or 0 */
  async bind(endpoint: string): Promise<string> {
    // With it, an IPv4 address would be bound, and told, as a mapped IPv6 one.
    this.#socket.ipv6 = endpoint.includes('[');
    await this.#socket.bind(endpoint);
    return this.#socket.lastEndpoint ?? endpoint;
  }

  /** Serves until closed. */
  async serve(): Promise<void> {
    while (!this.#closed) {
      try {
        this.#take(await this.#socket.receive());
      } catch (error) {
        if (!this.#closed) this.log(`receive: ${(error as Error).message}`, 'warn');
      }
    }
  }

  /** Lets replies leave that can. */
  async close(): Promise<void> {
    await this.#outgoing.drain(LINGER_MS);
    this.#closed = true;
    this.#outgoing.close();
    this.#socket.close();
  }

  /** The last frame is the request; all before it (identity, delimiter) go back as they came. */
  #take(frames: Buffer[]): void {
    const envelope = frames.slice(0, -1);
    const payload = frames.at(-1);
    if (!payload || envelope.length === 0) return;
    const send = (reply: object) => this.#outgoing.add([...envelope, Buffer.from(JSON.stringify(reply))]);
    void this.dispatcher.dispatch(payload, send).then(send);
  }
}
