/**
 * What an engine's adapter says to a process and hears from it. Real processes are behind it in `child-channel.ts`; tests put
 * others there, so that all above it is what runs in a backend.
 */
import type { EngineCommand } from './command.js';

export interface EngineChannel {
  readonly pid: number;
  /** To be called once, in the turn in which the channel came. */
  listen(listener: ChannelListener): void;
  /** Sends one line; to a process that has ended, nothing. */
  send(line: string): void;
  /** Interrupts the call with this id, if it is running. */
  interrupt(call: number): void;
  /** Ends the process, and with SIGKILL everything that it started. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Whether the process keeps this one alive. */
  hold(hold: boolean): void;
}

export interface ChannelListener {
  line(text: string): void;
  /** Comes once, after the last line. */
  ended(end: ChannelEnd): void;
}

export interface ChannelEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last of what it wrote to its stderr. */
  readonly lastWords: string;
}

/**
 * Starts an engine's process.
 * @param nonce which the process puts into every line that it says
 * @throws {SpawnFailed} when it cannot be started
 */
export type OpenChannel = (command: EngineCommand, nonce: string) => Promise<EngineChannel>;
