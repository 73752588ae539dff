/** A connection to one backend: requests out, answers in, matched by id; sent again whenever the link moved to a new lane. */
import { randomUUID } from 'node:crypto';
import type { Parameters, Result } from '../protocol/command.js';
import type { COMMANDS, CommandName } from '../protocol/commands.js';
import { isEndpoint } from '../protocol/endpoint.js';
import { decodeReply, encodeRequest, type InterimReply, isInterim, type Reply } from '../protocol/envelope.js';
import { ProtocolError } from '../protocol/errors.js';
import { Deadline } from '../time/deadline.js';
import { InvalidEndpoint, RequestTimedOut, Unreachable } from './errors.js';
import { Link, type LinkListener, type LinkRuntime, REAL_RUNTIME } from './link.js';
import type { LinkEffect, LinkEvent, LinkState } from './link-state.js';
import { type LinkTiming, ONE_SHOT_TIMING, REQUEST_TIMEOUT_MS } from './timing.js';

type Descriptors = typeof COMMANDS;

interface Waiting {
  readonly frame: string;
  readonly onInterim: ((reply: InterimReply) => void) | undefined;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  /** Lane it was last sent on. */
  lane: number | undefined;
  /** It was sent on a connection that stood. */
  mayHaveArrived: boolean;
  /** It was sent on another connection that stood before. */
  askedAgain: boolean;
}

/** Told of outages of the link, as they begin and when they are over. */
export interface OutageListener {
  readonly began: () => void;
  /** @param outageMs how long it was, in ms */
  readonly ended: (outageMs: number) => void;
}

export interface ClientOptions {
  readonly timing?: LinkTiming;
  readonly runtime?: LinkRuntime;
  /** Told of everything the link does, for those who show it. */
  readonly onEffect?: (effect: LinkEffect, state: LinkState) => void;
}

export class BackendClient {
  readonly #waiting = new Map<string, Waiting>();
  readonly #link: Link;
  readonly #runtime: LinkRuntime;
  readonly #outageListeners = new Set<OutageListener>();
  readonly #closeListeners = new Set<() => void>();
  #closed = false;

  private constructor(
    readonly endpoint: string,
    { timing = ONE_SHOT_TIMING, runtime = REAL_RUNTIME, onEffect }: ClientOptions,
  ) {
    const listener: LinkListener = {
      message: (frame) => this.#received(frame),
      adopted: (lane) => this.#sendAgain(lane),
      connected: (lane) => this.#mayHaveArrived(lane),
      effect: (effect, state) => {
        onEffect?.(effect, state);
        this.#tellOfOutage(effect);
        if (effect.type === 'giveUp') void this.#giveUp(effect.reason);
      },
    };
    this.#link = new Link(endpoint, timing, listener, runtime);
    this.#runtime = runtime;
  }

  /**
   * Begins to connect. Nothing is known about the backend until the first answer.
   * @throws {InvalidEndpoint}
   */
  static async open(endpoint: string, options: ClientOptions = {}): Promise<BackendClient> {
    if (!isEndpoint(endpoint)) throw new InvalidEndpoint(endpoint);
    const client = new BackendClient(endpoint, options);
    client.#link.take({ type: 'start' });
    return client;
  }

  get link(): LinkState {
    return this.#link.state;
  }

  /** @returns the function that takes the listener away */
  onOutage(listener: OutageListener): () => void {
    this.#outageListeners.add(listener);
    return () => this.#outageListeners.delete(listener);
  }

  /** @returns the function that takes the listener away */
  onClose(listener: () => void): () => void {
    this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  /** Tells the link what this process knows: the network changed, the machine woke, a person asks for an attempt. */
  tell(event: LinkEvent): void {
    this.#link.take(event);
  }

  /**
   * Asks the backend.
   * @param timeoutMs time for the answer, in ms; a backend that is gone is noticed earlier, by its silence
   * @param onInterim told how far the request has come, where the command does that and the parameters ask for it
   * @throws {ProtocolError} what the backend answers; MessageTooLarge at once, for a request that no backend reads
   * @throws {Unreachable} when the link gives up
   * @throws {RequestTimedOut} when the backend lives and this answer does not come
   */
  async request<Name extends CommandName>(
    command: Name,
    parameters: Parameters<Descriptors[Name]>,
    timeoutMs: number = REQUEST_TIMEOUT_MS,
    onInterim?: (reply: InterimReply) => void,
  ): Promise<Result<Descriptors[Name]>> {
    const { reply, askedAgain } = await this.#exchange(command, parameters, timeoutMs, onInterim);
    if (reply.status === 'error') {
      const error = new ProtocolError(reply.error_type, reply.error, reply.details);
      throw askedAgain ? Object.assign(error, { askedAgain }) : error;
    }
    return reply.result as Result<Descriptors[Name]>;
  }

  /** Fails what is unanswered as Unreachable instead of sending it again on the next lane, for those who ask anew. */
  abandon(reason: string): void {
    for (const { reject, mayHaveArrived } of this.#waiting.values()) {
      reject(new Unreachable(this.endpoint, reason, undefined, mayHaveArrived));
    }
  }

  /** Nothing of it keeps the process alive afterwards. Sessions that are to say goodbye are closed before. */
  close(): void {
    this.#closed = true;
    this.#link.close();
    this.abandon('the connection was closed');
    for (const listener of this.#closeListeners) listener();
  }

  async #exchange(
    command: string,
    parameters: unknown,
    timeoutMs: number,
    onInterim: Waiting['onInterim'],
  ): Promise<{ readonly reply: Reply; readonly askedAgain: boolean }> {
    if (this.#closed) throw new Unreachable(this.endpoint, 'the connection was closed');
    const id = randomUUID();
    const frame = encodeRequest({ id, command, parameters });
    let deadline: Deadline | undefined;
    try {
      return await new Promise((resolve, reject) => {
        const answered = (reply: Reply) => resolve({ reply, askedAgain: waiting.askedAgain });
        const sent = { lane: undefined, mayHaveArrived: false, askedAgain: false };
        const waiting: Waiting = { frame, onInterim, resolve: answered, reject, ...sent };
        this.#waiting.set(id, waiting);
        const expire = () => reject(new RequestTimedOut(command, timeoutMs));
        deadline = new Deadline(timeoutMs, expire, this.#runtime);
        // A link that gave up is tried anew by whoever still wants something.
        this.#link.take({ type: 'start' });
        this.#countWork();
        waiting.lane = this.#link.send(frame);
        waiting.mayHaveArrived = this.#link.state.primary !== null;
      });
    } finally {
      deadline?.cancel();
      this.#waiting.delete(id);
      this.#countWork();
    }
  }

  #received(frame: Buffer): void {
    let reply: Reply | InterimReply;
    try {
      reply = decodeReply(frame);
    } catch (error) {
      for (const { reject } of this.#waiting.values()) reject(error as Error);
      return;
    }
    const waiting = this.#waiting.get(String(reply.id));
    if (isInterim(reply)) waiting?.onInterim?.(reply);
    else waiting?.resolve(reply);
  }

  #sendAgain(lane: number): void {
    for (const waiting of this.#waiting.values()) {
      if (waiting.lane !== lane) {
        waiting.askedAgain ||= waiting.mayHaveArrived;
        waiting.lane = this.#link.send(waiting.frame);
      }
      waiting.mayHaveArrived = true;
    }
  }

  #mayHaveArrived(lane: number): void {
    for (const waiting of this.#waiting.values()) if (waiting.lane === lane) waiting.mayHaveArrived = true;
  }

  #countWork(): void {
    if (this.#waiting.size !== this.#link.state.work) this.#link.take({ type: 'work', count: this.#waiting.size });
  }

  #tellOfOutage(effect: LinkEffect): void {
    for (const { began, ended } of this.#outageListeners) {
      if (effect.type === 'phase' && effect.to === 'lost') began();
      if (effect.type === 'recovered') ended(effect.until - effect.outage.since);
    }
  }

  async #giveUp(reason: 'refused' | 'silent'): Promise<void> {
    const why = await this.#runtime.probe(this.endpoint);
    this.abandon(why ?? (reason === 'refused' ? 'the connection is refused' : 'nobody answers'));
  }
}
