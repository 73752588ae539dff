/** A channel to a child process: calls and answers on file descriptor 3, interrupts on 4 where the engine takes them there. */
import type { Duplex } from 'node:stream';
import { type StartedProcess, signalGroup, startProcess } from '../process/spawn.js';
import type { ChannelListener, EngineChannel, OpenChannel } from './channel.js';
import { type EngineCommand, NONCE_VARIABLE } from './command.js';
import { JsonLines } from './json-lines.js';

/** What is kept of the process's last words, in characters. */
const STDERR_TAIL = 4_000;

/** How long an exit may take to be followed by the end of stderr, which says why. */
const LAST_WORDS_MS = 200;

/**
 * The engine leads a process group of its own: what it starts ends with it, and a Ctrl-C in a terminal, which reaches every
 * process of the group there, does not reach it.
 */
export const openChildChannel: OpenChannel = async (command, nonce) => {
  const child = await startProcess(command.file, command.args, {
    env: { ...command.env, [NONCE_VARIABLE]: nonce },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', ...(command.interruptBy === 'pipe' ? (['pipe'] as const) : [])],
    detached: true,
  });
  return new ChildChannel(child, command.interruptBy);
};

class ChildChannel implements EngineChannel {
  readonly #pipe: Duplex;
  readonly #interrupts: Duplex | undefined;
  #stderr = '';
  #ended = false;

  constructor(
    private readonly child: StartedProcess,
    private readonly interruptBy: EngineCommand['interruptBy'],
  ) {
    this.#pipe = child.stdio[3] as Duplex;
    this.#interrupts = child.stdio[4] as Duplex | undefined;
    // A broken pipe means that the process is going; its exit tells the story.
    this.#pipe.on('error', () => {});
    this.#interrupts?.on('error', () => {});
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
  }

  get pid(): number {
    return this.child.pid;
  }

  listen(listener: ChannelListener): void {
    const { child } = this;
    const lines = new JsonLines();
    this.#pipe.on('data', (bytes: Buffer) => {
      for (const line of lines.push(bytes)) listener.line(line);
    });
    child.once('exit', (code, signal) => {
      this.#ended = true;
      // What it started may hold its pipes open for ever, and has no engine to serve any more.
      signalGroup(child.pid, 'SIGKILL');
      // The last words may still be in the stderr pipe; a process that left the group may hold it.
      const settle = (): void => {
        clearTimeout(timer);
        child.stderr?.destroy();
        this.#pipe.destroy();
        this.#interrupts?.destroy();
        listener.ended({ code, signal, lastWords: this.#stderr });
      };
      const timer = setTimeout(settle, LAST_WORDS_MS);
      child.once('close', settle);
    });
  }

  send(line: string): void {
    if (this.#pipe.writable) this.#pipe.write(`${line}\n`);
  }

  interrupt(call: number): void {
    if (this.interruptBy === 'signal') this.child.kill('SIGINT');
    else this.#interrupts?.write(`${call}\n`);
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#ended) return;
    if (signal === 'SIGKILL') signalGroup(this.pid, signal);
    else this.child.kill(signal);
  }

  hold(hold: boolean): void {
    const method = hold ? 'ref' : 'unref';
    for (const handle of [this.child, this.#pipe, this.#interrupts, this.child.stderr]) {
      (handle as unknown as Record<string, (() => void) | undefined> | null | undefined)?.[method]?.();
    }
  }
}
