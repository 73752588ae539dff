/** A connection to one backend: requests out, answers in, matched by id. */
import { randomUUID } from 'node:crypto';
import type { Dealer } from 'zeromq';
import type { Parameters, Result } from '../protocol/command.js';
import type { COMMANDS, CommandName } from '../protocol/commands.js';
import { decodeReply, type Reply } from '../protocol/envelope.js';
import { ProtocolError } from '../protocol/errors.js';
import { MAX_FRAME_BYTES } from '../protocol/limits.js';
import { RequestTimedOut, Unreachable } from './errors.js';
import { probe } from './probe.js';
import * as timing from './timing.js';

type Descriptors = typeof COMMANDS;

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

export class BackendClient {
  readonly #waiting = new Map<string, Waiting>();
  #outgoing: Promise<void> = Promise.resolve();
  #lastHeard: number | undefined;
  #watch: NodeJS.Timeout | undefined;
  #openedAt = performance.now();

  private constructor(
    readonly endpoint: string,
    private readonly socket: Dealer,
  ) {}

  /** Opens a socket. Nothing is known about the backend until the first answer. */
  static async open(endpoint: string): Promise<BackendClient> {
    const { Dealer } = await import('zeromq');
    // linger 0: what is unsent when we leave was never acknowledged, and waiting for a dead peer would hang the exit.
    const socket = new Dealer({ linger: 0, ipv6: true, maxMessageSize: MAX_FRAME_BYTES });
    socket.connect(endpoint);
    const client = new BackendClient(endpoint, socket);
    void client.#receive();
    return client;
  }

  /**
   * Asks the backend.
   * @param timeoutMs time for the answer, in ms; the backend is pinged meanwhile, so a dead one is noticed earlier
   * @throws {ProtocolError} what the backend answers
   * @throws {Unreachable} when nobody answers
   * @throws {RequestTimedOut} when the backend lives and this answer does not come
   */
  async request<Name extends CommandName>(
    command: Name,
    parameters: Parameters<Descriptors[Name]>,
    timeoutMs: number = timing.REQUEST_TIMEOUT_MS,
  ): Promise<Result<Descriptors[Name]>> {
    const reply = await this.#exchange(command, parameters, timeoutMs);
    if (reply.status === 'error') throw new ProtocolError(reply.error_type, reply.error, reply.details);
    return reply.result as Result<Descriptors[Name]>;
  }

  close(): void {
    clearInterval(this.#watch);
    this.socket.close();
    for (const { reject } of this.#waiting.values())
      reject(new Unreachable(this.endpoint, 'the connection was closed', undefined, true));
    this.#waiting.clear();
  }

  async #exchange(command: string, parameters: unknown, timeoutMs: number): Promise<Reply> {
    const id = randomUUID();
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Reply>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        timer = setTimeout(() => reject(new RequestTimedOut(command, timeoutMs)), timeoutMs);
        this.#watchSilence();
        this.#send({ id, command, parameters });
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) {
        clearInterval(this.#watch);
        this.#watch = undefined;
      }
    }
  }

  /** One send at a time: zeromq.js refuses sends that overlap. */
  #send(message: object): void {
    const frame = JSON.stringify(message);
    this.#outgoing = this.#outgoing
      .then(() => this.socket.send(['', frame]))
      .catch((error: Error) => {
        if (!this.socket.closed) this.#failAll(new Unreachable(this.endpoint, error.message));
      });
  }

  async #receive(): Promise<void> {
    while (!this.socket.closed) {
      try {
        const frames = await this.socket.receive();
        this.#lastHeard = performance.now();
        const reply = decodeReply(frames.at(-1) as Buffer);
        this.#waiting.get(String(reply.id))?.resolve(reply);
      } catch (error) {
        if (this.socket.closed) return;
        this.#failAll(error as Error);
      }
    }
  }

  /** Before the first sign of life a probe finds out why; after it, pings tell a busy backend from a dead one. */
  #watchSilence(): void {
    if (this.#watch) return;
    let probing = false;
    let pingedAt = performance.now();
    const startedAt = performance.now();
    this.#watch = setInterval(() => {
      const now = performance.now();
      const lastSign = Math.max(this.#lastHeard ?? this.#openedAt, startedAt);
      if (now - lastSign < timing.PROBE_AFTER_MS) return;
      if (now - lastSign > timing.SILENCE_MS) {
        this.#failAll(
          new Unreachable(this.endpoint, `it has been silent for ${timing.SILENCE_MS} ms`, undefined, true),
        );
      } else if (this.#lastHeard === undefined && !probing) {
        probing = true;
        void probe(this.endpoint).then((reason) => {
          if (reason) this.#failAll(new Unreachable(this.endpoint, reason));
        });
      } else if (now - pingedAt >= timing.PING_EVERY_MS) {
        pingedAt = now;
        this.#send({ id: randomUUID(), command: 'ping', parameters: {} });
      }
    }, timing.PROBE_AFTER_MS / 2);
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
  }
}
