/** Everything there is in one simulation, and what can be done to it. */

import type { BackendClient } from '../../src/client/backend-client.js';
import { Account, type Told } from './account.js';
import { BackendProcess } from './backend.js';
import { type Conditions, drawConditions } from './conditions.js';
import { Disk } from './disk.js';
import { planFaultAfterStart } from './faults.js';
import { Machine } from './machine.js';
import { Network } from './network.js';
import type { Process } from './process.js';
import { Random } from './random.js';
import { Scheduler } from './scheduler.js';
import { Trace } from './trace.js';
import type { Variant } from './variant.js';

/** An engine process that can be killed. */
export interface Killable {
  die(): void;
}

/** A backend that ended is started again within this, in ms. */
const RESTART_WITHIN_MS = 800;

/** Deaths at steps of the work, at most; the planned faults come on top. */
const MOST_DEATHS = 3;

/** Full ids, so that nobody has to ask which session is meant. */
function sessionId(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
}

export class World {
  readonly random: Random;
  readonly conditions: Conditions;
  readonly scheduler = new Scheduler();
  readonly trace: Trace;
  readonly account = new Account();
  readonly disk = new Disk();
  readonly network: Network;
  readonly machines: Machine[];
  readonly sessions: readonly string[];
  readonly engines = new Set<Killable>();
  /** No engine can be started until then, in ms; the system says why. */
  noEngineUntil = 0;
  noEngineCode = 'EACCES';
  /** Engines that are started until then never answer, in ms. */
  deafEnginesUntil = 0;
  backend: BackendProcess;
  readonly #clients = new Set<BackendClient>();
  #deathsLeft = 0;

  constructor(
    readonly seed: number,
    readonly variant: Variant,
    print?: (line: string) => void,
  ) {
    this.random = new Random(seed);
    this.conditions = drawConditions(this.random);
    this.trace = new Trace(print);
    this.network = new Network(this.scheduler, this.random, this.conditions, this.trace);
    this.sessions = Array.from({ length: this.conditions.sessions }, (_, index) => sessionId(index));
    this.machines = Array.from({ length: this.conditions.clients }, (_, index) => new Machine(this, `client-${index}`));
    this.backend = this.#startBackend();
  }

  /** There are sessions to work in: from now on things may die. */
  begin(): void {
    this.#deathsLeft = MOST_DEATHS;
  }

  get healed(): boolean {
    return this.scheduler.now >= this.conditions.healAt;
  }

  note(what: string): void {
    this.trace.note(this.scheduler.now, what);
  }

  violated(what: string): void {
    this.note(`VIOLATED: ${what}`);
    this.account.violated(what);
  }

  /** A moment at which dying is worth a try: what did it is killed before anything else happens. */
  step(what: string): void {
    const { random, conditions } = this;
    if (conditions.deathRate === 0 || this.healed || this.#deathsLeft === 0) return;
    if (!random.chance(conditions.deathRate)) return;
    this.#deathsLeft -= 1;
    const victim = random.pick(['backend', 'client'] as const);
    this.note(`${victim} dies when ${what}`);
    this.scheduler.after(0, () => {
      if (victim === 'backend') this.backend.crash();
      else random.pick(this.machines).crash();
    });
  }

  clientOpened(client: BackendClient, process: Process): void {
    this.#clients.add(client);
    process.onEnd(() => this.#clients.delete(client));
  }

  /** What the machines of the clients notice by themselves. */
  tellClients(type: 'network' | 'woke' | 'attempt'): void {
    for (const client of this.#clients) client.tell({ type });
  }

  /** A client was told the outcome of an evaluation: it has to be in the journal by now, and stay the same for ever. */
  tell(key: string, told: Told): void {
    const entries = this.disk.journal.findByKey(key).flatMap((filed) => filed.entries);
    const output = entries.map(({ entry }) => entry).find((entry) => entry.type === 'output');
    if (output?.type !== 'output' || !sameOutcome(told, output)) {
      this.violated(
        `${key} was told ${JSON.stringify(told)}; the journal has ${output ? JSON.stringify(output) : 'nothing'}`,
      );
    }
    const earlier = this.account.told.get(key);
    if (earlier && !sameOutcome(told, earlier)) {
      this.violated(`${key} was told ${JSON.stringify(earlier)} first, and then ${JSON.stringify(told)}`);
    }
    this.account.told.set(key, told);
  }

  /** The backend is gone; who watches over it starts another one. */
  backendEnded(): void {
    this.account.backendEnds += 1;
    this.network.server = undefined;
    const restartIn = this.healed ? 100 : this.random.delay(10, RESTART_WITHIN_MS);
    this.scheduler.after(restartIn, () => {
      this.backend = this.#startBackend();
      planFaultAfterStart(this);
    });
  }

  #startBackend(): BackendProcess {
    const backend = new BackendProcess(this);
    void backend.start();
    return backend;
  }
}

function sameOutcome(told: Told, other: { readonly outcome: string; readonly printString?: string | null }): boolean {
  return told.outcome === other.outcome && told.printString === (other.printString ?? null);
}
