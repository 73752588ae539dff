/** An engine that is a process: waiting until it is ready, asking it, interrupting it, ending it; and whose it is. */
import { randomUUID } from 'node:crypto';
import { SpawnFailed } from '../process/spawn.js';
import { Deadline, type DeadlineClock, PROCESS_CLOCK } from '../time/deadline.js';
import type { ChannelEnd, EngineChannel, OpenChannel } from './channel.js';
import { openChildChannel } from './child-channel.js';
import type { EngineCommand } from './command.js';
import {
  type BindingInfo,
  type Capture,
  type Engine,
  EngineDied,
  type EngineExit,
  EngineOwnership,
  type EngineReady,
  EngineUnavailable,
  type EvaluateReply,
  type EvaluateRequest,
  type RestoreReply,
} from './contract.js';
import type { EngineAnswer, EngineOperation } from './wire.js';

/** How long past its timeout an evaluation may take to stop and to have its changes captured, in ms. */
const EVALUATION_GRACE_MS = 2_000;

/** A call that runs no code of the session takes milliseconds; one that code left behind keeps from being answered, for ever. */
const CALL_TIMEOUT_MS = 60_000;

/** A healthy engine is ready in well under a second; on a machine that swaps, this is still patient, in ms. */
const READY_TIMEOUT_MS = 20_000;

/** From `quit` to TERM, and from TERM to KILL, in ms. */
const STOP_GRACE_MS = 500;

/** What engines' processes run on; tests put their own there. */
export interface EngineSystem {
  readonly open: OpenChannel;
  readonly clock: DeadlineClock;
}

export const THIS_SYSTEM: EngineSystem = { open: openChildChannel, clock: PROCESS_CLOCK };

interface Pending {
  readonly id: number;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Starts a process and waits until it says it is ready. @throws {EngineUnavailable} when it does not */
export async function startEngineProcess(
  command: EngineCommand,
  { open, clock }: EngineSystem = THIS_SYSTEM,
): Promise<EngineProcess> {
  const nonce = randomUUID();
  let channel: EngineChannel;
  try {
    channel = await open(command, nonce);
  } catch (error) {
    const isForScarcity = error instanceof SpawnFailed && error.isForScarcity;
    throw new EngineUnavailable(`No engine could be started: ${(error as Error).message}.`, isForScarcity);
  }
  const engine = new EngineProcess(channel, { command, nonce, clock });
  await engine.whenReady();
  return engine;
}

export class EngineProcess implements Engine {
  readonly nonce: string;
  readonly exited: Promise<EngineExit>;
  readonly #command: EngineCommand;
  readonly #clock: DeadlineClock;
  readonly #pending: Pending[] = [];
  #owner: string | undefined;
  #ready: EngineReady | undefined;
  #readyCall: { resolve(): void; reject(error: Error): void } | undefined;
  #exit: EngineExit | undefined;
  #killedBecause: string | undefined;
  #distrusted = false;
  #nextId = 1;

  constructor(
    private readonly channel: EngineChannel,
    { command, nonce, clock }: { command: EngineCommand; nonce: string; clock: DeadlineClock },
  ) {
    this.nonce = nonce;
    this.#command = command;
    this.#clock = clock;
    this.exited = new Promise((resolve) => {
      channel.listen({
        line: (text) => this.#receive(text),
        ended: (end) => resolve(this.#settleExit(end)),
      });
    });
  }

  get ready(): EngineReady {
    if (this.#ready === undefined) throw new Error('The engine is not ready yet.');
    return this.#ready;
  }

  get pid(): number {
    return this.channel.pid;
  }

  get owner(): string {
    if (this.#owner === undefined) throw new EngineOwnership('The engine serves nobody yet.');
    return this.#owner;
  }

  /** Whose it is from now on, until it ends. @throws {EngineOwnership} when it is somebody's already, be it the same */
  claim(owner: string): void {
    if (this.#owner !== undefined) {
      throw new EngineOwnership(`The engine ${this.pid} serves ${this.#owner}, and was to serve ${owner}.`);
    }
    this.#owner = owner;
  }

  /** @throws {EngineUnavailable} when the process ends first, or takes too long */
  async whenReady(): Promise<void> {
    if (this.#ready !== undefined) return;
    const deadline = this.#killAfter(READY_TIMEOUT_MS, `it was not ready within ${READY_TIMEOUT_MS / 1000} s`);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#readyCall = { resolve, reject };
        if (this.#exit !== undefined) this.#rejectAll(this.#exit);
      });
    } finally {
      deadline.cancel();
    }
  }

  async evaluate(request: EvaluateRequest): Promise<EvaluateReply> {
    const limitMs = request.timeoutMs + EVALUATION_GRACE_MS;
    const late = `the evaluation did not stop within ${limitMs} ms`;
    return (await this.#call({ op: 'evaluate', request }, limitMs, late)) as EvaluateReply;
  }

  prepare(code: string): void {
    if (this.#exit !== undefined || !this.ready.capabilities.includes('prepare')) return;
    this.channel.send(JSON.stringify({ id: this.#takeId(), op: 'prepare', code }));
  }

  async restore(captures: readonly string[]): Promise<RestoreReply> {
    return (await this.#call({ op: 'restore', captures })) as RestoreReply;
  }

  async capture(kind: 'full' | 'changes'): Promise<Capture | undefined> {
    return (await this.#call({ op: 'capture', kind })) as Capture | undefined;
  }

  async bindings(): Promise<readonly BindingInfo[]> {
    return (await this.#call({ op: 'bindings' })) as readonly BindingInfo[];
  }

  async ping(limitMs = CALL_TIMEOUT_MS): Promise<void> {
    await this.#call({ op: 'ping' }, limitMs);
  }

  interrupt(): void {
    const [running] = this.#pending;
    if (running !== undefined) this.channel.interrupt(running.id);
  }

  async stop(): Promise<void> {
    if (this.#exit !== undefined) return;
    this.channel.send(JSON.stringify({ id: this.#nextId, op: 'quit' }));
    const { channel } = this;
    const term = new Deadline(STOP_GRACE_MS, () => channel.kill('SIGTERM'), this.#clock);
    const kill = new Deadline(2 * STOP_GRACE_MS, () => channel.kill('SIGKILL'), this.#clock);
    await this.exited;
    term.cancel();
    kill.cancel();
  }

  /** Keeps an idle engine from keeping this process alive, or lets it do so again. */
  holdProcess(hold: boolean): void {
    this.channel.hold(hold);
  }

  #kill(reason: string): void {
    this.#killedBecause ??= reason;
    this.channel.kill('SIGKILL');
  }

  /** Whoever wrote that may write the next line, too: nothing that comes from here on is an answer. */
  #distrust(reason: string): void {
    this.#distrusted = true;
    this.#kill(reason);
  }

  #killAfter(ms: number, reason: string): Deadline {
    return new Deadline(ms, () => this.#kill(reason), this.#clock);
  }

  /** @throws {EngineDied} when the process ends first, which it is made to after `limitMs` */
  async #call(
    operation: EngineOperation,
    limitMs = CALL_TIMEOUT_MS,
    late = `it did not answer "${operation.op}" within ${limitMs / 1000} s`,
  ): Promise<unknown> {
    if (this.#exit !== undefined) throw new EngineDied(this.#exit);
    const id = this.#takeId();
    const deadline = this.#killAfter(limitMs, late);
    try {
      return await new Promise((resolve, reject) => {
        this.#pending.push({ id, resolve, reject });
        this.channel.send(JSON.stringify({ id, ...operation }));
      });
    } finally {
      deadline.cancel();
    }
  }

  #takeId(): number {
    const id = this.#nextId;
    this.#nextId += 1;
    return id;
  }

  #receive(line: string): void {
    if (this.#distrusted) return;
    const message = parse(line);
    if (message === undefined) {
      this.#distrust('it wrote something that is not JSON on its reply pipe');
      return;
    }
    if (message.nonce !== this.nonce) {
      this.#distrust('what came on its reply pipe does not carry its nonce');
      return;
    }
    if (isReady(message)) {
      this.#ready = message;
      this.#readyCall?.resolve();
      this.#readyCall = undefined;
      return;
    }
    const { id } = message;
    const index = this.#pending.findIndex((each) => each.id === id);
    const [call] = index === -1 ? [] : this.#pending.splice(index, 1);
    if (message.ok) call?.resolve(message.result);
    else call?.reject(new Error(message.error));
  }

  #settleExit(end: ChannelEnd): EngineExit {
    const exit: EngineExit = { code: end.code, signal: end.signal, reason: this.#reasonFor(end) };
    this.#exit = exit;
    this.#rejectAll(exit);
    return exit;
  }

  #rejectAll(exit: EngineExit): void {
    this.#readyCall?.reject(new EngineUnavailable(`No engine could be started: ${exit.reason}.`));
    this.#readyCall = undefined;
    for (const call of this.#pending.splice(0)) call.reject(new EngineDied(exit));
  }

  #reasonFor({ code, signal, lastWords }: ChannelEnd): string {
    if (this.#killedBecause !== undefined) return `the engine was killed because ${this.#killedBecause}`;
    const explained = this.#command.explainExit?.(lastWords);
    if (explained !== undefined) return explained;
    if (signal !== null) return `the engine was ended by ${signal}`;
    const lines = lastWords.trim().split('\n');
    const words = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0];
    return `the engine exited with code ${code}${words === undefined || words === '' ? '' : `: ${words}`}`;
  }
}

/** @returns undefined for what is no JSON object */
function parse(line: string): EngineReady | EngineAnswer | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as EngineReady | EngineAnswer) : undefined;
  } catch {
    return undefined;
  }
}

function isReady(message: EngineReady | EngineAnswer): message is EngineReady {
  return 'type' in message && message.type === 'ready';
}
