/** One socket to a backend. It connects once; when that ends, for whatever reason, so does the lane. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Dealer } from 'zeromq';
import { MAX_FRAME_BYTES } from '../protocol/limits.js';
import { HANDSHAKE_TIMEOUT_MS } from './timing.js';

/** libzmq's clock has whole ms. */
const TIMER_PRECISION_MS = 1;

/** `refused`: a kernel said no. `timeout`: nobody said anything, so it never was connected either. */
export type ClosedReason = 'refused' | 'timeout' | 'disconnect';

export interface LaneListener {
  /** The kernel accepted the connection: what was sent may arrive from now on. */
  connected(): void;
  message(frame: Buffer): void;
  closed(reason: ClosedReason): void;
}

export interface Lane {
  /** What is sent before the connection stands waits for it; what is unsent when it ends is gone. */
  send(frame: string): void;
  close(): void;
}

/** Opens a lane over ZeroMQ; it connects by itself and tells the listener. */
export function openLane(endpoint: string, connectTimeoutMs: number, listener: LaneListener): Lane {
  return new LaneSocket(endpoint, connectTimeoutMs, listener);
}

class LaneSocket implements Lane {
  #socket: Dealer | undefined;
  #closed = false;
  #connected = false;
  #connectEndsAt = Number.POSITIVE_INFINITY;
  #outgoing: Promise<void>;

  constructor(
    endpoint: string,
    connectTimeoutMs: number,
    private readonly listener: LaneListener,
  ) {
    this.#outgoing = this.#open(endpoint, connectTimeoutMs).catch(() => this.#end());
  }

  send(frame: string): void {
    // zeromq.js refuses sends that overlap.
    this.#outgoing = this.#outgoing.then(() => this.#socket?.send(['', frame])).catch(() => this.#end());
  }

  close(): void {
    this.#closed = true;
    this.#socket?.close();
  }

  async #open(endpoint: string, connectTimeout: number): Promise<void> {
    const { Dealer } = await import('zeromq');
    const address = await resolved(endpoint);
    if (this.#closed) return;
    const socket = new Dealer({
      // What is unsent when we leave was never acknowledged, and waiting for a dead peer would hang the exit.
      linger: 0,
      // libzmq's own reconnection would keep a dead address and an old route; a new lane looks them up anew.
      reconnectInterval: -1,
      connectTimeout,
      handshakeInterval: HANDSHAKE_TIMEOUT_MS,
      ipv6: true,
      maxMessageSize: MAX_FRAME_BYTES,
    });
    this.#socket = socket;
    // Without file descriptors left it cannot be followed.
    void this.#follow(socket).catch(() => this.#end());
    void this.#receive(socket);
    this.#connectEndsAt = performance.now() + connectTimeout;
    socket.connect(address);
  }

  async #follow(socket: Dealer): Promise<void> {
    for await (const event of socket.events) {
      if (event.type === 'connect') {
        this.#connected = true;
        this.listener.connected();
      }
      // `close` before `connect` is a refusal or a timeout; the events after our own close() concern nobody.
      if (event.type === 'close' || event.type === 'disconnect' || event.type.startsWith('handshake:error'))
        this.#end();
    }
  }

  async #receive(socket: Dealer): Promise<void> {
    while (!this.#closed) {
      try {
        const frames = await socket.receive();
        this.listener.message(frames.at(-1) as Buffer);
      } catch {
        this.#end();
      }
    }
  }

  #end(): void {
    if (this.#closed) return;
    this.close();
    this.listener.closed(this.#connected ? 'disconnect' : this.#whyNotConnected());
  }

  /** libzmq reports both alike, but its timeout never comes early. A refusal taken for one only costs another attempt. */
  #whyNotConnected(): 'refused' | 'timeout' {
    return performance.now() < this.#connectEndsAt - TIMER_PRECISION_MS ? 'refused' : 'timeout';
  }
}

/** libzmq looks names up in its I/O thread, where a slow server holds up every socket of the process. */
async function resolved(endpoint: string): Promise<string> {
  const match = /^tcp:\/\/([^[\]]+):(\d+)$/.exec(endpoint);
  const [, host = '', port] = match ?? [];
  if (!match || isIP(host)) return endpoint;
  const { address, family } = await lookup(host);
  return `tcp://${family === 6 ? `[${address}]` : address}:${port}`;
}
