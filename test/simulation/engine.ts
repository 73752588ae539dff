/** Engines that count, die on the way, and keep an account of what they ran that no crash can touch. */
import type { Capture, EngineFactory, EvaluateReply, EvaluateRequest } from '../../src/engine/contract.js';
import { startEngineProcess } from '../../src/engine/process.js';
import { WarmEngineFactory } from '../../src/engine/warm-factory.js';
import type { EngineOperation } from '../../src/engine/wire.js';
import { SpawnFailed } from '../../src/process/spawn.js';
import { type EngineProgram, ProgramChannel } from '../engine/program-channel.js';
import { isBig, isUnsaveable, programOf } from './language.js';
import type { Process } from './process.js';
import type { World } from './world.js';

const COMMAND = { file: 'simulated', args: [], env: {}, interruptBy: 'pipe' } as const;

/** The real factory, its spare included, and the real adapter; the processes are simulated. */
export function simulatedFactory(world: World, backend: Process): EngineFactory {
  const clock = { now: () => world.scheduler.now, after: backend.after };
  const open = async (_: unknown, nonce: string) => {
    await backend.sleep(world.random.delay(1, 60));
    if (world.noEngineUntil > world.scheduler.now) {
      throw new SpawnFailed('simulated', Object.assign(new Error('no engine today'), { code: world.noEngineCode }));
    }
    return new SimulatedEngine(world, backend, nonce).channel;
  };
  const log = (message: string) => world.note(`log: ${message}`);
  const launch = () => startEngineProcess(COMMAND, { open, clock });
  return new WarmEngineFactory({ name: 'simulated', launch, spare: true, log, clock });
}

interface Running {
  readonly key: string;
  readonly interrupt: () => void;
}

class SimulatedEngine implements EngineProgram {
  readonly ready = { engine: 'simulated', version: '1', dialect: 'toy', capabilities: ['prepare'] };
  readonly channel: ProgramChannel;
  readonly #values = new Map<string, number>();
  #dirty = new Set<string>();
  #running: Running | undefined;
  /** It hangs from the beginning: until somebody notices, it looks like any other. */
  readonly #isDeaf: boolean;

  constructor(
    private readonly world: World,
    private readonly backend: Process,
    private readonly nonce: string,
  ) {
    // What a backend that ended would have read or written is neither.
    const deliver = (task: () => void) =>
      queueMicrotask(() => {
        if (backend.alive) task();
      });
    this.channel = new ProgramChannel(nonce, this, deliver);
    this.#isDeaf = world.deafEnginesUntil > world.scheduler.now;
    world.engines.add(this);
    backend.onEnd(() => world.engines.delete(this));
  }

  answer(operation: EngineOperation): unknown {
    if (this.#isDeaf) return new Promise(() => {});
    switch (operation.op) {
      case 'evaluate':
        return this.#evaluate(operation.request);
      case 'restore':
        return this.#restore(operation.captures);
      case 'capture':
        return this.#capture(operation.kind);
      case 'bindings':
        return [...this.#values].map(([name, value]) => ({ name, class: 'Integer', printString: String(value) }));
      default:
        return undefined;
    }
  }

  interrupt(): void {
    this.#running?.interrupt();
  }

  ended(): void {
    if (this.#running) this.world.account.died(this.#running.key);
    this.#running = undefined;
    this.world.account.engineDeaths += 1;
    this.world.engines.delete(this);
  }

  die(): void {
    this.channel.kill('SIGKILL');
  }

  #evaluate({ code, timeoutMs }: EvaluateRequest): Promise<EvaluateReply> {
    const { counter, read, ending, key } = programOf(code);
    return new Promise((resolve) => {
      this.world.account.begin(key, this.nonce);
      const finish = (outcome: EvaluateReply['outcome'], printString?: string) => {
        if (this.#running?.key !== key) return;
        this.#running = undefined;
        resolve(this.#reply(outcome, printString));
        this.world.step('engine answers');
      };
      this.#running = { key, interrupt: () => finish('interrupted') };
      this.world.step('engine begins');
      this.backend.after(this.world.random.delay(0.1, 40), () => {
        if (this.#running?.key !== key) return;
        if (counter) this.#bind(counter, (this.#values.get(counter) ?? 0) + 1);
        if (ending === 'die') this.die();
        else if (ending === 'hang') this.backend.after(timeoutMs, () => finish('interrupted'));
        else if (ending === 'raise') finish('error');
        else finish('value', String(this.#values.get(counter ?? read ?? '') ?? 'nil'));
      });
    });
  }

  async #restore(captures: readonly string[]) {
    await this.#work();
    for (const text of captures) {
      for (const [name, value] of Object.entries(JSON.parse(text) as Record<string, number>)) {
        this.#values.set(name, value);
      }
    }
    return { restored: [...this.#values.keys()], failed: [], classes: [] };
  }

  async #capture(kind: 'full' | 'changes'): Promise<Capture | undefined> {
    await this.#work();
    return kind === 'changes' && this.#dirty.size === 0 ? undefined : this.#take(kind);
  }

  async #work(): Promise<void> {
    await this.backend.sleep(this.world.random.delay(0.1, 5));
  }

  #bind(name: string, value: number): void {
    this.#values.set(name, value);
    this.#dirty.add(name);
  }

  #reply(outcome: EvaluateReply['outcome'], printString?: string): EvaluateReply {
    const about =
      outcome === 'value'
        ? { printString: printString ?? 'nil', class: 'Integer' }
        : { error: { class: outcome === 'error' ? 'Error' : 'Interrupted', message: 'as asked', stack: [] } };
    const changed = [...this.#dirty];
    if (changed.some(isBig)) return { outcome, ...about, transcript: '', durationMs: 1, deferred: changed };
    const captured = changed.length === 0 ? {} : { capture: this.#take('changes') };
    return { outcome, ...about, transcript: '', durationMs: 1, ...captured };
  }

  /** As the real engines do: what was captured counts as captured from now on. */
  #take(kind: 'full' | 'changes'): Capture {
    const names = kind === 'full' ? [...this.#values.keys()] : [...this.#dirty];
    this.#dirty = new Set();
    const saved = names.filter((name) => !isUnsaveable(name));
    return {
      kind,
      data: JSON.stringify(Object.fromEntries(saved.map((name) => [name, this.#values.get(name)]))),
      saved,
      removed: [],
      unsaved: names.filter(isUnsaveable).map((name) => ({ name, reason: 'is a block' })),
      classes: [],
    };
  }
}
