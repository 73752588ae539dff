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

/** What one start takes before it gives back its child's ends, and as many again for those who are faster. */
const FOR_A_START = 24;

/** Starts that are tried again where others were faster. */
const FURTHER_STARTS = 4;

const FOR_A_LOOK = 2;

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

  constructor() {
    this.#refill();
  }

  /**
   * Starts a process with some of what is kept. Newcomers that wait to be accepted take descriptors in the very moment in
   * which they are free: so only some are, only until the start has what it needs, and where that was too late, some more.
   * @param start takes what it needs before it waits for anything
   */
  async lendToStart<T>(start: () => Promise<T>): Promise<T> {
    for (let left = FURTHER_STARTS; ; left -= 1) {
      try {
        return await this.#lend(FOR_A_START, start);
      } catch (error) {
        if (!isScarcity(error) || left === 0 || this.#held.length === 0) throw error;
      }
    }
  }

  /** Does something that needs one or two, at once. @returns undefined where even these are not there */
  lendNow<T>(task: () => T): T | undefined {
    try {
      return this.#lend(FOR_A_LOOK, task);
    } catch (error) {
      if (isScarcity(error)) return undefined;
      throw error;
    }
  }

  /** What was started keeps so many of those that are kept for it. */
  occupy(count: number, until: Promise<unknown>): void {
    this.#occupied += count;
    for (const descriptor of this.#held.splice(0, Math.max(0, this.#held.length + this.#occupied - this.#size)))
      closeSync(descriptor);
    void until.then(() => {
      this.#occupied -= count;
      this.#refill();
    });
  }

  use(): DescriptorUse {
    const held = this.#held.length;
    // Those that were let go of for looking are counted all the same: they are kept again, or in other hands.
    const used = this.lendNow(() => sum(descriptorsInUse(), held - this.#held.length));
    return { limit: this.#limit, used: used === undefined ? this.#limit : used, reserved: held + this.#occupied };
  }

  #lend<T>(count: number, task: () => T): T {
    for (const descriptor of this.#held.splice(0, count)) closeSync(descriptor);
    try {
      return task();
    } finally {
      this.#refill();
    }
  }

  #refill(): void {
    try {
      while (this.#held.length + this.#occupied < this.#size) this.#held.push(openSync('/dev/null', 'r'));
    } catch {
      // Whoever needs them next is told. Thrown here it would hide what the start came to, which nobody would hear of then.
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
