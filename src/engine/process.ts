/**
 * An engine that is a child process: starting it, asking it, interrupting it, ending it. Adapters differ in the command
 * line only.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import {
  type BindingInfo,
  type Capture,
  type Engine,
  EngineDied,
  type EngineExit,
  type EngineReady,
  EngineUnavailable,
  type EvaluateReply,
  type EvaluateRequest,
  type RestoreReply,
} from './contract.js';
import { JsonLines } from './json-lines.js';
import type { EngineAnswer, EngineOperation } from './wire.js';

/** How long past its timeout an evaluation may take to stop and to have its changes captured. */
const EVALUATION_GRACE_MS = 2_000;

/** A healthy engine is ready in well under a second; on a machine that swaps, this is still patient. */
const READY_TIMEOUT_MS = 20_000;

/** From `quit` to TERM, and from TERM to KILL. */
const STOP_GRACE_MS = 500;

/** What is kept of the process's last words, in characters. */
const STDERR_TAIL = 4_000;

/** How long an exit may take to be followed by the end of stderr, which says why. */
const LAST_WORDS_MS = 200;

export interface EngineCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /**
   * How the engine is interrupted: by SIGINT, or by the number of the call on file descriptor 4, which cannot hit the
   * wrong call or a moment when the engine is not prepared.
   */
  readonly interruptBy: 'signal' | 'pipe';
  /** One sentence on why the process ended, when its last words tell. */
  explainExit?(stderr: string): string | undefined;
}

interface Pending {
  readonly id: number;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Starts a process and waits until it says it is ready. @throws {EngineUnavailable} when it does not */
export async function startEngineProcess(command: EngineCommand): Promise<EngineProcess> {
  const engine = new EngineProcess(command);
  await engine.whenReady();
  return engine;
}

export class EngineProcess implements Engine {
  readonly exited: Promise<EngineExit>;
  readonly #child: ChildProcess;
  readonly #pipe: Duplex;
  readonly #interrupts: Duplex | undefined;
  readonly #command: EngineCommand;
  readonly #pending: Pending[] = [];
  #ready: EngineReady | undefined;
  #readyCall: { resolve(): void; reject(error: Error): void } | undefined;
  #exit: EngineExit | undefined;
  #killedBecause: string | undefined;
  #stderr = '';
  #nextId = 1;

  constructor(command: EngineCommand) {
    this.#command = command;
    this.#child = spawn(command.file, [...command.args], {
      env: command.env,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', ...(command.interruptBy === 'pipe' ? (['pipe'] as const) : [])],
    });
    this.#pipe = this.#child.stdio[3] as Duplex;
    this.#interrupts = this.#child.stdio[4] as Duplex | undefined;
    this.#interrupts?.on('error', () => {});
    const lines = new JsonLines();
    this.#pipe.on('data', (bytes: Buffer) => {
      for (const line of lines.push(bytes)) this.#receive(line);
    });
    // A broken pipe means the process is going; its exit tells the story.
    this.#pipe.on('error', () => {});
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(this.#settleExit(null, null, error.message)));
      this.#child.once('exit', (code, signal) => {
        // The last words may still be in the stderr pipe; a grandchild may hold it open for ever.
        const settle = (): void => {
          clearTimeout(timer);
          this.#child.stderr?.destroy();
          resolve(this.#settleExit(code, signal));
        };
        const timer = setTimeout(settle, LAST_WORDS_MS);
        this.#child.once('close', settle);
      });
    });
  }

  get ready(): EngineReady {
    if (this.#ready === undefined) throw new Error('The engine is not ready yet.');
    return this.#ready;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** @throws {EngineUnavailable} when the process ends first, or takes too long */
  whenReady(): Promise<void> {
    if (this.#ready !== undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#kill(`it was not ready within ${READY_TIMEOUT_MS / 1000} s`),
        READY_TIMEOUT_MS,
      );
      this.#readyCall = {
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      if (this.#exit !== undefined) this.#rejectAll(this.#exit);
    });
  }

  async evaluate(request: EvaluateRequest): Promise<EvaluateReply> {
    const deadline = setTimeout(
      () => this.#kill(`the evaluation did not stop within ${request.timeoutMs + EVALUATION_GRACE_MS} ms`),
      request.timeoutMs + EVALUATION_GRACE_MS,
    );
    try {
      return (await this.#call({ op: 'evaluate', request })) as EvaluateReply;
    } finally {
      clearTimeout(deadline);
    }
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

  async ping(): Promise<void> {
    await this.#call({ op: 'ping' });
  }

  interrupt(): void {
    const [running] = this.#pending;
    if (running === undefined) return;
    if (this.#command.interruptBy === 'signal') this.#child.kill('SIGINT');
    else this.#interrupts?.write(`${running.id}\n`);
  }

  async stop(): Promise<void> {
    if (this.#exit !== undefined) return;
    this.#pipe.write(`${JSON.stringify({ id: this.#nextId, op: 'quit' })}\n`);
    const term = setTimeout(() => this.#child.kill('SIGTERM'), STOP_GRACE_MS);
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), 2 * STOP_GRACE_MS);
    await this.exited;
    clearTimeout(term);
    clearTimeout(kill);
  }

  /** Keeps an idle engine from keeping this process alive, or lets it do so again. */
  holdProcess(hold: boolean): void {
    const method = hold ? 'ref' : 'unref';
    for (const handle of [this.#child, this.#pipe, this.#interrupts, this.#child.stderr]) {
      (handle as unknown as Record<string, (() => void) | undefined> | null | undefined)?.[method]?.();
    }
  }

  #kill(reason: string): void {
    this.#killedBecause ??= reason;
    this.#child.kill('SIGKILL');
  }

  #call(operation: EngineOperation): Promise<unknown> {
    if (this.#exit !== undefined) return Promise.reject(new EngineDied(this.#exit));
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#pending.push({ id, resolve, reject });
      this.#pipe.write(`${JSON.stringify({ id, ...operation })}\n`);
    });
  }

  #receive(line: string): void {
    const message = parse(line);
    if (message === undefined) {
      this.#kill('it wrote something that is not JSON on its reply pipe');
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

  #settleExit(code: number | null, signal: NodeJS.Signals | null, problem?: string): EngineExit {
    const exit: EngineExit = { code, signal, reason: this.#reasonFor(code, signal, problem) };
    this.#exit = exit;
    this.#pipe?.destroy();
    this.#interrupts?.destroy();
    this.#rejectAll(exit);
    return exit;
  }

  #rejectAll(exit: EngineExit): void {
    this.#readyCall?.reject(new EngineUnavailable(`No engine could be started: ${exit.reason}.`));
    this.#readyCall = undefined;
    for (const call of this.#pending.splice(0)) call.reject(new EngineDied(exit));
  }

  #reasonFor(code: number | null, signal: NodeJS.Signals | null, problem: string | undefined): string {
    if (problem !== undefined) return problem;
    if (this.#killedBecause !== undefined) return `the engine was killed because ${this.#killedBecause}`;
    const explained = this.#command.explainExit?.(this.#stderr);
    if (explained !== undefined) return explained;
    if (signal !== null) return `the engine was ended by ${signal}`;
    const lines = this.#stderr.trim().split('\n');
    const words = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0];
    return `the engine exited with code ${code}${words === undefined || words === '' ? '' : `: ${words}`}`;
  }
}

function parse(line: string): EngineReady | EngineAnswer | undefined {
  try {
    return JSON.parse(line) as EngineReady | EngineAnswer;
  } catch {
    return undefined;
  }
}

function isReady(message: EngineReady | EngineAnswer): message is EngineReady {
  return 'type' in message && message.type === 'ready';
}
