/** The ROUTER socket: takes requests as they come, answers each when it is done. */
import { Router } from 'zeromq';
import { MAX_FRAME_BYTES } from '../protocol/limits.js';
import type { Dispatcher } from './dispatcher.js';
import { MAX_SOCKETS } from './settings.js';

/** Replies waiting for a slow peer, in messages; beyond, libzmq drops them and the peer asks again by key. */
const SEND_HIGH_WATER_MARK = 1_000;

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
    linger: LINGER_MS,
    backlog: MAX_SOCKETS,
    handshakeInterval: HANDSHAKE_MS,
  });
  readonly #outgoing: Buffer[][] = [];
  #sending = false;
  #closed = false;

  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly log: (message: string) => void,
  ) {}

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
        if (!this.#closed) this.log(`receive: ${(error as Error).message}`);
      }
    }
  }

  close(): void {
    this.#closed = true;
    this.#socket.close();
  }

  /** The last frame is the request; all before it (identity, delimiter) go back as they came. */
  #take(frames: Buffer[]): void {
    const envelope = frames.slice(0, -1);
    const payload = frames.at(-1);
    if (!payload || envelope.length === 0) return;
    const send = (reply: object) => {
      this.#outgoing.push([...envelope, Buffer.from(JSON.stringify(reply))]);
      void this.#pump();
    };
    void this.dispatcher.dispatch(payload, send).then(send);
  }

  /** One sender: zeromq.js refuses sends that overlap. */
  async #pump(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    for (let message = this.#outgoing.shift(); message && !this.#closed; message = this.#outgoing.shift()) {
      try {
        await this.#socket.send(message);
      } catch (error) {
        this.log(`send: ${(error as Error).message}`);
      }
    }
    this.#sending = false;
  }
}
