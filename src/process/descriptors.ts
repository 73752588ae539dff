/**
 * File descriptors: how many there may be, how many there are, and some that are kept for what must not be refused. Whoever
 * connects to this process takes one each; without a reserve, enough of them would leave none for an engine's pipes.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { isScarcity } from './spawn.js';

/** Share of all that is kept, and what is enough for 64 engines with three pipes each and the files beside them. */
const RESERVED_SHARE = 0.25;
const MOST_RESERVED = 256;

export interface DescriptorUse {
  /** Most that this process may have open; null where the system does not tell, or sets no limit. */
  readonly limit: number | null;
  /** Open now, the reserve included; null where the system does not tell. */
  readonly used: number | null;
  /** Of these, kept for engines, including what engines have of them. */
  readonly reserved: number;
}

/** Holds descriptors, and lets go of them while something is done that needs some. */
export class DescriptorReserve {
  readonly #limit = descriptorLimit();
  readonly #size = this.#limit === null ? 0 : Math.min(MOST_RESERVED, Math.floor(this.#limit * RESERVED_SHARE));
  readonly #held: number[] = [];
  #occupied = 0;
  #lent = 0;

  constructor() {
    this.#refill();
  }

  /**
   * Does something with all that is kept set free. It is taken back afterwards, as far as it is there: newcomers that
   * waited to be accepted may have been faster.
   */
  async lend<T>(task: () => Promise<T>): Promise<T> {
    this.#lent += 1;
    for (const descriptor of this.#held.splice(0)) closeSync(descriptor);
    try {
      return await task();
    } finally {
      this.#lent -= 1;
      if (this.#lent === 0) this.#refill();
    }
  }

  /** Does something that needs one or two, at once. @returns undefined where even these are not there */
  lendNow<T>(task: () => T): T | undefined {
    for (const descriptor of this.#held.splice(0, 2)) closeSync(descriptor);
    try {
      return task();
    } catch (error) {
      if (isScarcity(error)) return undefined;
      throw error;
    } finally {
      if (this.#lent === 0) this.#refill();
    }
  }

  /** What was started keeps so many of those that are kept for it. */
  occupy(count: number, until: Promise<unknown>): void {
    this.#occupied += count;
    void until.then(() => {
      this.#occupied -= count;
      if (this.#lent === 0) this.#refill();
    });
  }

  use(): DescriptorUse {
    const held = this.#held.length;
    // Those that were let go of for looking are counted all the same: they are kept again, or in other hands.
    const used = this.lendNow(() => sum(descriptorsInUse(), held - this.#held.length));
    return { limit: this.#limit, used: used === undefined ? this.#limit : used, reserved: held + this.#occupied };
  }

  #refill(): void {
    try {
      while (this.#held.length + this.#occupied < this.#size) this.#held.push(openSync('/dev/null', 'r'));
    } catch (error) {
      // Whoever needs them next is told.
      if (!isScarcity(error)) throw error;
    }
  }
}

function sum(counted: number | null, more: number): number | null {
  return counted === null ? null : counted + more;
}

/** Node raises the soft limit to the hard one when it starts, so there is one. */
function descriptorLimit(): number | null {
  try {
    const [, soft] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined || soft === 'unlimited' ? null : Number(soft);
  } catch {
    // Not Linux. A child inherits the limit.
    const said = spawnSync('/bin/sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).stdout?.trim() ?? '';
    return /^\d+$/.test(said) ? Number(said) : null;
  }
}

function descriptorsInUse(): number | null {
  try {
    // The directory itself is open while it is read.
    return readdirSync('/dev/fd').length - 1;
  } catch (error) {
    if (isScarcity(error)) throw error;
    return null;
  }
}
