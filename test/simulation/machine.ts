/** A client's machine: its way to the backend, its disk, and the processes on it. */
import type { Workplace } from '../../src/service/workplace.js';
import type { Path } from './network.js';
import { ClientDisk } from './outbox.js';
import { Process } from './process.js';
import { simulatedWorkplace } from './workplace.js';
import type { World } from './world.js';

export class Machine implements Path {
  upBlockedUntil = 0;
  downBlockedUntil = 0;
  readonly disk = new ClientDisk();
  readonly #processes = new Set<Process>();

  constructor(
    private readonly world: World,
    readonly name: string,
  ) {}

  start(): { process: Process; workplace: Workplace } {
    const process = new Process(this.world.scheduler);
    this.#processes.add(process);
    process.onEnd(() => this.#processes.delete(process));
    return { process, workplace: simulatedWorkplace(this.world, this, process, this.disk) };
  }

  /** Every process of it dies. */
  crash(): void {
    if (this.#processes.size > 0) this.world.note(`${this.name} dies`);
    for (const process of this.#processes) process.end();
  }
}
