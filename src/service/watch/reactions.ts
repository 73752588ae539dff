/** What else happens on an event: a command of the user's, and word to systemd. */
import { spawn } from 'node:child_process';
import type { WatchEvent } from './event.js';

/** Commands running at once; a flapping link must not fill the process table. */
const MAX_RUNNING = 4;

/** Events that wait for their command; older ones are dropped first. */
const MAX_WAITING = 100;

/** Runs a program for each event, with the event as JSON on its stdin. No shell is involved. */
export class EventProgram {
  readonly #waiting: WatchEvent[] = [];
  #running = 0;

  constructor(
    private readonly program: string,
    private readonly warn: (message: string) => void,
  ) {}

  run(event: WatchEvent): void {
    this.#waiting.push(event);
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.warn(`${this.program} is too slow; an event was dropped`);
    }
    this.#next();
  }

  #next(): void {
    if (this.#running >= MAX_RUNNING) return;
    const event = this.#waiting.shift();
    if (!event) return;
    this.#running += 1;
    const child = spawn(this.program, [], { stdio: ['pipe', 'ignore', 'inherit'] });
    let ended = false;
    const end = (problem?: string) => {
      if (ended) return;
      ended = true;
      this.#running -= 1;
      if (problem) this.warn(`${this.program}: ${problem}`);
      this.#next();
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(code === 0 ? undefined : `ended with ${signal ?? code}`));
    // A program that does not read its stdin is its own business.
    child.stdin.on('error', () => {});
    child.stdin.end(`${JSON.stringify({ schemaVersion: 1, ...event })}\n`);
  }
}

/**
 * Tells systemd how the service is, where it started us (Type=notify). Node has no datagram sockets of the kind that
 * sd_notify(3) wants, so systemd's own program speaks; the unit needs NotifyAccess=all for that.
 */
export function notifySystemd(state: string, env: NodeJS.ProcessEnv, warn: (message: string) => void): void {
  if (!env['NOTIFY_SOCKET']) return;
  const child = spawn('systemd-notify', [state], { stdio: 'ignore' });
  child.once('error', (error) => warn(`systemd-notify: ${error.message}`));
}
