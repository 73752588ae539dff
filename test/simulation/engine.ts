/** Engines that count, die on the way, and keep an account of what they ran that no crash can touch. */
import {
  type Capture,
  type Engine,
  EngineDied,
  type EngineExit,
  type EngineFactory,
  EngineUnavailable,
  type EvaluateReply,
  type EvaluateRequest,
} from '../../src/engine/contract.js';
import { isBig, isUnsaveable, programOf } from './language.js';
import type { Process } from './process.js';
import type { World } from './world.js';

export class SimulatedFactory implements EngineFactory {
  readonly name = 'simulated';

  constructor(
    private readonly world: World,
    private readonly backend: Process,
  ) {}

  async start(): Promise<Engine> {
    const { world, backend } = this;
    await backend.sleep(world.random.delay(1, 60));
    if (world.noEngineUntil > world.scheduler.now) throw new EngineUnavailable('no engine today');
    const engine = new SimulatedEngine(world, backend);
    world.engines.add(engine);
    return engine;
  }

  async close(): Promise<void> {}
}

interface Running {
  readonly key: string;
  readonly reject: (error: EngineDied) => void;
  readonly interrupt: () => void;
}

class SimulatedEngine implements Engine {
  readonly ready = { type: 'ready', engine: 'simulated', version: '1', dialect: 'toy', capabilities: [] } as const;
  readonly pid = 0;
  readonly exited: Promise<EngineExit>;
  readonly #values = new Map<string, number>();
  #dirty = new Set<string>();
  #running: Running | undefined;
  #dead: EngineExit | undefined;
  #exit: (exit: EngineExit) => void = () => {};

  constructor(
    private readonly world: World,
    private readonly backend: Process,
  ) {
    this.exited = new Promise((resolve) => {
      this.#exit = resolve;
    });
    backend.onEnd(() => world.engines.delete(this));
  }

  evaluate({ code, timeoutMs }: EvaluateRequest): Promise<EvaluateReply> {
    const { counter, read, ending, key } = programOf(code);
    return new Promise((resolve, reject) => {
      if (this.#dead) {
        // Whoever hands it code cannot know that it came too late to begin.
        this.world.account.died(key);
        reject(new EngineDied(this.#dead));
        return;
      }
      this.world.account.begin(key);
      const finish = (outcome: EvaluateReply['outcome'], printString?: string) => {
        if (this.#running?.key !== key) return;
        this.#running = undefined;
        resolve(this.#reply(outcome, printString));
        this.world.step('engine answers');
      };
      this.#running = { key, reject, interrupt: () => finish('interrupted') };
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

  async restore(captures: readonly string[]) {
    await this.#work();
    for (const text of captures) {
      for (const [name, value] of Object.entries(JSON.parse(text) as Record<string, number>)) {
        this.#values.set(name, value);
      }
    }
    return { restored: [...this.#values.keys()], failed: [], classes: [] };
  }

  async capture(kind: 'full' | 'changes'): Promise<Capture | undefined> {
    await this.#work();
    return kind === 'changes' && this.#dirty.size === 0 ? undefined : this.#take(kind);
  }

  async bindings() {
    return [...this.#values].map(([name, value]) => ({ name, class: 'Integer', printString: String(value) }));
  }

  async ping(): Promise<void> {}

  interrupt(): void {
    this.#running?.interrupt();
  }

  async stop(): Promise<void> {
    this.#end({ code: 0, signal: null, reason: 'stopped' });
  }

  die(): void {
    if (this.#running) this.world.account.died(this.#running.key);
    this.#end({ code: null, signal: 'SIGKILL', reason: 'the engine was killed' });
  }

  /** @throws {EngineDied} */
  async #work(): Promise<void> {
    await this.backend.sleep(this.world.random.delay(0.1, 5));
    if (this.#dead) throw new EngineDied(this.#dead);
  }

  #end(exit: EngineExit): void {
    if (this.#dead) return;
    this.#dead = exit;
    this.world.engines.delete(this);
    this.#running?.reject(new EngineDied(exit));
    this.#running = undefined;
    this.#exit(exit);
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
