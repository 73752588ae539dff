/**
 * Interrupts that arrive while code runs. V8's own way, SIGINT with `breakOnSigint`, has moments before and after the
 * code when the signal ends the process; so the parent writes the request's number to a second pipe, which every
 * message sent looks at now and then. Code that sends no messages runs until its timeout.
 */
import type { Amber, St } from './amber.js';
import { ControlFlow } from './control-flow.js';

/** The file descriptor of the pipe. */
const INTERRUPT_FD = 4;

/** Between two looks: a look costs some ten microseconds. */
const LOOK_EVERY_MS = 10;

/** What `ensure:` blocks of interrupted code get before they are interrupted, too. */
const ENSURE_GRACE_MS = 500;

export class Interruption extends ControlFlow {
  /** @param context Smalltalk's innermost context when the interrupt was seen */
  constructor(readonly context: St) {
    super();
  }
}

export class Interrupts {
  readonly #amber: Amber;
  #running: number | undefined;
  #lookAt = 0;
  #interrupted = false;
  #connected = false;

  constructor(amber: Amber) {
    this.#amber = amber;
    amber.core.checkInterrupt = () => this.#check();
  }

  /** Opens the pipe. Before that nothing can be interrupted. */
  connect(): void {
    // Not imported at the top: a startup snapshot must not hold a socket. Opening it makes its reads non-blocking.
    const { Socket } = require('node:net') as typeof import('node:net');
    new Socket({ fd: INTERRUPT_FD, readable: false, writable: false });
    this.#connected = true;
  }

  /** Runs what the request with this number asks for. */
  during<T>(request: number, action: () => T): T {
    this.#running = request;
    this.#interrupted = false;
    this.#lookAt = performance.now() + LOOK_EVERY_MS;
    try {
      return action();
    } finally {
      this.#running = undefined;
    }
  }

  #check(): void {
    if (this.#running === undefined || !this.#connected) return;
    const now = performance.now();
    if (now < this.#lookAt) return;
    this.#interrupted ||= readNumbers().includes(this.#running);
    this.#lookAt = now + (this.#interrupted ? ENSURE_GRACE_MS : LOOK_EVERY_MS);
    if (!this.#interrupted) return;
    throw new Interruption(this.#amber.core.getThisContext());
  }
}

/** The request numbers that have arrived on the pipe. */
function readNumbers(): number[] {
  const { readSync } = require('node:fs') as typeof import('node:fs');
  const bytes = Buffer.alloc(1024);
  try {
    return bytes.toString('ascii', 0, readSync(INTERRUPT_FD, bytes)).trim().split('\n').map(Number);
  } catch {
    // EAGAIN: nothing has arrived.
    return [];
  }
}
