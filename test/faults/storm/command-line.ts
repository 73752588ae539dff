/** A person's command line in a storm: commands are killed at random moments, and given again until they are done. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Ending, type RunningCommand, startStui } from '../../e2e/stui.js';
import type { Chance } from '../chance.js';
import type { Account } from './account.js';

/** Of ten commands, so many are killed. */
const KILLED_OF_TEN = 3;

/** A command takes 200 ms to several seconds in a storm: kills meet all of its life, in ms. */
const LONGEST_LIFE_MS = 900;

/** A storm that lets nothing through a hundred times in a row is a fault, not a storm. */
const ATTEMPTS = 100;

/** What passes by itself: the same command is given again. `backend-not-started`: it was killed while it started. */
const PASSING = ['unreachable', 'shutting-down', 'engine-unavailable', 'backend-not-started', 'rate-limited'];

/** No failure that has a name shows where in the program it came up. */
const STACK_TRACE = /^\s+at .+:\d+:\d+\)?$/m;

/** Commands of all homes that run now. */
export const running = new Set<RunningCommand>();

export class CommandLine {
  constructor(
    readonly home: string,
    private readonly account: Account,
    private readonly chance: Chance,
    private readonly isCalm: () => boolean,
  ) {}

  /** Gives the command until it ends in a way that means something. Of what others killed, its exit code is null. */
  async finish(...args: readonly string[]): Promise<Ending> {
    let last: Ending | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      last = await this.run(...args);
      if (!hasPassed(last)) return last;
    }
    throw new Error(`stui ${args.join(' ')} never came to an end: ${last?.code} ${last?.stdout} ${last?.stderr}`);
  }

  /** Like `finish`, for what must succeed. @returns its document */
  async done(...args: readonly string[]): Promise<Ending['json']> {
    const ending = await this.finish(...args, '--json');
    if (ending.code !== 0)
      throw new Error(`stui ${args.join(' ')} exits ${ending.code}: ${ending.stdout} ${ending.stderr}`);
    return ending.json;
  }

  /** Gives the command once. */
  async run(...args: readonly string[]): Promise<Ending> {
    const command = startStui(this.home, {}, ...args);
    running.add(command);
    const dies = !this.isCalm() && this.chance.whole(1, 10) <= KILLED_OF_TEN;
    const life = this.chance.whole(0, LONGEST_LIFE_MS);
    const ending = await (dies
      ? Promise.race([command.ended, pause(life).then(() => this.#kill(command))])
      : command.ended);
    running.delete(command);
    if (STACK_TRACE.test(ending.stderr)) throw new Error(`stui ${args.join(' ')} shows its insides: ${ending.stderr}`);
    return ending;
  }

  async #kill(command: RunningCommand): Promise<Ending> {
    const from = Date.now();
    command.child.kill('SIGKILL');
    const ending = await command.ended;
    this.account.kills.push({ of: 'command', backend: this.home, from, to: Date.now() });
    return ending;
  }
}

function hasPassed({ code, stdout }: Ending): boolean {
  if (code === null) return true;
  if (code === 0 || !stdout.startsWith('{')) return false;
  const { error } = JSON.parse(stdout);
  return PASSING.includes(error?.code);
}
