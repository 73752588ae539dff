/** An engine's process for tests: a program in this process behind the channel of the real adapter. */
import type { ChannelEnd, ChannelListener, EngineChannel } from '../../src/engine/channel.js';
import type { EngineReady } from '../../src/engine/contract.js';
import type { EngineAnswerContent, EngineCall, EngineOperation } from '../../src/engine/wire.js';

/** What runs in an engine's process. */
export interface EngineProgram {
  readonly ready: Omit<EngineReady, 'type' | 'nonce'>;
  /** @returns what is answered; one that never resolves is not @throws what is answered as an error */
  answer(operation: EngineOperation): unknown;
  interrupt(): void;
  /** The process is gone. */
  ended?(): void;
}

/** Passes things on later, in order: how long a pipe takes is the world's affair. */
export type Deliver = (task: () => void) => void;

let processes = 0;

export class ProgramChannel implements EngineChannel {
  readonly pid: number;
  #listener: ChannelListener | undefined;
  #running: number | undefined;
  #ended = false;

  constructor(
    private readonly nonce: string,
    private readonly program: EngineProgram,
    private readonly deliver: Deliver = queueMicrotask,
  ) {
    processes += 1;
    this.pid = processes;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  listen(listener: ChannelListener): void {
    this.#listener = listener;
    this.say({ type: 'ready', ...this.program.ready });
  }

  send(line: string): void {
    this.deliver(() => {
      if (!this.#ended) void this.#take(JSON.parse(line) as EngineCall);
    });
  }

  interrupt(call: number): void {
    this.deliver(() => {
      if (!this.#ended && this.#running === call) this.program.interrupt();
    });
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.end({ code: null, signal, lastWords: '' });
  }

  hold(): void {}

  /** Says a line, with the nonce of this process unless another one is given. */
  say(message: object): void {
    const line = JSON.stringify({ nonce: this.nonce, ...message });
    this.deliver(() => {
      if (!this.#ended) this.#listener?.line(line);
    });
  }

  end(end: ChannelEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.program.ended?.();
    this.deliver(() => this.#listener?.ended(end));
  }

  async #take(call: EngineCall): Promise<void> {
    if (call.op === 'quit') {
      this.end({ code: 0, signal: null, lastWords: '' });
      return;
    }
    if (call.op === 'prepare') {
      this.program.answer(call);
      return;
    }
    this.#running = call.id;
    const answer = await this.#answer(call);
    if (this.#running === call.id) this.#running = undefined;
    this.say({ id: call.id, ...answer });
  }

  async #answer(call: EngineCall): Promise<EngineAnswerContent> {
    try {
      return { ok: true, result: await this.program.answer(call) };
    } catch (error) {
      return { ok: false, error: (error as Error).message };
    }
  }
}
