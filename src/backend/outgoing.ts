/**
 * Replies on their way to peers, bounded in bytes: a peer that asks and never reads may take no more of the memory than
 * this, and keeps nobody else from being answered. What does not fit is dropped; its peer asks again.
 */
import type { Log } from './log.js';
import type { Timer } from './timer.js';

/** Bytes that wait for one peer: some of the largest replies. */
export const MAX_PEER_BYTES = 64 * 1024 * 1024;

/** Bytes that wait for all peers. */
export const MAX_WAITING_BYTES = 256 * 1024 * 1024;

/** A peer that takes nothing for this long is not waited for, in ms: its requests were given up by then. */
export const MAX_STALL_MS = 30_000;

/** Pauses before a peer that takes nothing is tried again, in ms. */
const SHORTEST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 100;

/** All frames of a reply; the first is the peer's identity. */
export type Message = readonly Buffer[];

export interface OutgoingContext {
  /** Rejects with the code EAGAIN while the peer takes nothing, and with EHOSTUNREACH when it is gone. */
  readonly send: (message: Message) => Promise<void>;
  readonly after: Timer;
  /** On a clock that does not go back, in ms. */
  readonly monotonicMs: () => number;
  readonly log: Log;
}

interface Peer {
  readonly name: string;
  readonly messages: Message[];
  bytes: number;
  dropped: number;
  /** Since when it takes nothing; undefined while it does. */
  stalledAt: number | undefined;
  pauseMs: number;
  cancelRetry: () => void;
}

export class Outgoing {
  /** Only those that something waits for. */
  readonly #peers = new Map<string, Peer>();
  /** Those to be tried next, each at most once. */
  readonly #ready: Peer[] = [];
  #bytes = 0;
  #sending = false;
  #drained: () => void = () => {};

  constructor(private readonly context: OutgoingContext) {}

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  add(message: Message): void {
    const peer = this.#peer(message);
    const bytes = sizeOf(message);
    const isTooMuch = peer.messages.length > 0 && peer.bytes + bytes > MAX_PEER_BYTES;
    if (isTooMuch || this.#bytes + bytes > MAX_WAITING_BYTES) {
      if (peer.dropped === 0)
        this.context.log('a peer does not read its replies: those that are too many are dropped', 'warn');
      peer.dropped += 1;
      if (peer.messages.length === 0) this.#peers.delete(peer.name);
      return;
    }
    peer.messages.push(message);
    peer.bytes += bytes;
    this.#bytes += bytes;
    if (peer.messages.length === 1) this.#try(peer);
  }

  /** Resolves when nothing waits any more, or after `ms`. */
  async drain(ms: number): Promise<void> {
    if (this.#bytes === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.context.after(ms, resolve);
      this.#drained = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Lets go of everything. */
  close(): void {
    for (const peer of [...this.#peers.values()]) this.#forget(peer);
  }

  #peer(message: Message): Peer {
    const name = message[0]?.toString('latin1') ?? '';
    const known = this.#peers.get(name);
    if (known) return known;
    const peer = {
      name,
      messages: [],
      bytes: 0,
      dropped: 0,
      stalledAt: undefined,
      pauseMs: 0,
      cancelRetry: () => {},
    };
    this.#peers.set(name, peer);
    return peer;
  }

  #try(peer: Peer): void {
    this.#ready.push(peer);
    void this.#pump();
  }

  /** One message of each in turn, one at a time: zeromq.js refuses sends that overlap. */
  async #pump(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    for (let peer = this.#ready.shift(); peer; peer = this.#ready.shift()) {
      const [message] = peer.messages;
      if (!message) continue;
      try {
        await this.context.send(message);
        this.#sent(peer, message);
      } catch (error) {
        this.#notSent(peer, message, error as NodeJS.ErrnoException);
      }
    }
    this.#sending = false;
  }

  #sent(peer: Peer, message: Message): void {
    peer.stalledAt = undefined;
    peer.pauseMs = 0;
    this.#remove(peer, message);
    if (peer.messages.length > 0) this.#ready.push(peer);
    else this.#peers.delete(peer.name);
  }

  #notSent(peer: Peer, message: Message, { code, message: reason }: NodeJS.ErrnoException): void {
    if (code === 'EAGAIN') this.#tryLater(peer);
    else if (code === 'EHOSTUNREACH') this.#forget(peer);
    else {
      this.context.log(`send: ${reason}`, 'warn');
      this.#sent(peer, message);
    }
  }

  #tryLater(peer: Peer): void {
    const now = this.context.monotonicMs();
    peer.stalledAt ??= now;
    if (now - peer.stalledAt >= MAX_STALL_MS) {
      this.#forget(peer);
      return;
    }
    peer.pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, 2 * peer.pauseMs));
    peer.cancelRetry = this.context.after(peer.pauseMs, () => this.#try(peer));
  }

  #remove(peer: Peer, message: Message): void {
    // A peer that was let go of while its message was sent has none any more.
    if (peer.messages[0] !== message) return;
    peer.messages.shift();
    const bytes = sizeOf(message);
    peer.bytes -= bytes;
    this.#release(bytes);
  }

  #forget(peer: Peer): void {
    peer.cancelRetry();
    this.#release(peer.bytes);
    peer.bytes = 0;
    peer.messages.length = 0;
    this.#peers.delete(peer.name);
  }

  #release(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#bytes === 0) this.#drained();
  }
}

function sizeOf(message: Message): number {
  return message.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
