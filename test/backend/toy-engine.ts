/** An engine that tests can steer: a few words instead of Smalltalk, and an account of what it ran. */
import type { Capture, Engine, EngineFactory, EvaluateReply, EvaluateRequest } from '../../src/engine/contract.js';
import { type EngineProcess, startEngineProcess } from '../../src/engine/process.js';
import { WarmEngineFactory } from '../../src/engine/warm-factory.js';
import type { EngineOperation } from '../../src/engine/wire.js';
import { SpawnFailed } from '../../src/process/spawn.js';
import { type DeadlineClock, UNHELD_PROCESS_CLOCK } from '../../src/time/deadline.js';
import { type EngineProgram, ProgramChannel } from '../engine/program-channel.js';

/**
 * `x := 3` binds; `x` answers; `big x` binds too much to save; `block x` binds what cannot be saved; `forget x` removes;
 * `class A` defines; `raise`; `die`; `hang`.
 *
 * The factory and the adapter are the real ones, the spare included; only what runs behind the pipe is a toy.
 */
export class ToyFactory implements EngineFactory {
  readonly name = 'toy';
  /** Every code that any engine of this factory began to run, in order. */
  readonly ran: string[] = [];
  /** Every code that any of them was to compile ahead. */
  readonly prepared: string[] = [];
  /** Those that were given to somebody, in this order. */
  readonly engines: ToyEngine[] = [];
  /** All that run, the spare among them. */
  readonly #alive = new Map<number, ToyEngine>();
  readonly #factory: WarmEngineFactory;
  #unavailable = false;
  /** So many processes fit, the spare included: another one is refused for want of descriptors. */
  capacity = Number.POSITIVE_INFINITY;
  /** Says which captures no engine takes. */
  refuses: (capture: string) => boolean = () => false;

  constructor(private readonly clock: DeadlineClock = UNHELD_PROCESS_CLOCK) {
    this.#factory = new WarmEngineFactory({
      name: this.name,
      launch: () => this.#launch(),
      spare: true,
      log: () => {},
      clock,
    });
  }

  /** The engine that somebody got last. */
  get newest(): ToyEngine | undefined {
    return this.engines.at(-1);
  }

  /** Engine processes that run, the spare included. */
  get running(): number {
    return this.#alive.size;
  }

  /** No engine can be started, and there is no spare. */
  set unavailable(is: boolean) {
    this.#unavailable = is;
    if (is) for (const toy of [...this.#alive.values()]) if (!this.engines.includes(toy)) toy.die();
  }

  async start(owner: string): Promise<Engine> {
    const engine = await this.#factory.start(owner);
    this.engines.push(this.#alive.get(engine.pid) as ToyEngine);
    return engine;
  }

  warm(count: number): void {
    this.#factory.warm(count);
  }

  close(): Promise<void> {
    return this.#factory.close();
  }

  #launch(): Promise<EngineProcess> {
    const command = { file: 'toy', args: [], env: {}, interruptBy: 'pipe' } as const;
    const open = async (_: unknown, nonce: string) => {
      if (this.#unavailable) throw failure('EACCES');
      if (this.running >= this.capacity) throw failure('EMFILE');
      const toy = new ToyEngine(nonce, this);
      this.#alive.set(toy.pid, toy);
      toy.whenEnded = () => this.#alive.delete(toy.pid);
      return toy.channel;
    };
    return startEngineProcess(command, { open, clock: this.clock });
  }
}

function failure(code: string): SpawnFailed {
  return new SpawnFailed('toy', Object.assign(new Error(code), { code }));
}

/** Stands in captures for the source of a class. */
const CLASS = 'a class';

export class ToyEngine implements EngineProgram {
  readonly ready = { engine: 'toy', version: '1', dialect: 'toy', capabilities: ['prepare'] };
  readonly channel: ProgramChannel;
  whenEnded: () => void = () => {};
  readonly #values = new Map<string, string>();
  readonly #unsaved = new Set<string>();
  readonly #classes = new Set<string>();
  #dirty = new Set<string>();
  #interrupt: (() => void) | undefined;

  constructor(
    nonce: string,
    private readonly factory: ToyFactory,
  ) {
    this.channel = new ProgramChannel(nonce, this);
  }

  get pid(): number {
    return this.channel.pid;
  }

  get hasEnded(): boolean {
    return this.channel.hasEnded;
  }

  /** What it holds now, classes among it. */
  get values(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#values, ...[...this.#classes].map((name) => [name, CLASS] as const)]);
  }

  answer(operation: EngineOperation): unknown {
    switch (operation.op) {
      case 'evaluate':
        return this.#evaluate(operation.request);
      case 'prepare':
        return this.factory.prepared.push(operation.code);
      case 'restore':
        return this.#restore(operation.captures);
      case 'capture':
        return operation.kind === 'changes' && this.#dirty.size === 0 ? undefined : this.#take(operation.kind);
      case 'bindings':
        return [...this.#values].map(([name, printString]) => ({ name, class: 'Toy', printString }));
      default:
        return undefined;
    }
  }

  interrupt(): void {
    this.#interrupt?.();
  }

  ended(): void {
    this.whenEnded();
  }

  die(): void {
    this.channel.kill('SIGKILL');
  }

  async #evaluate({ code }: EvaluateRequest): Promise<EvaluateReply> {
    this.factory.ran.push(code);
    const [word, name = ''] = code.split(' ');
    if (word === 'die') this.die();
    if (word === 'hang') {
      await new Promise<void>((resolve) => {
        this.#interrupt = resolve;
      });
      return reply({ outcome: 'interrupted', error: { class: 'Interrupted', message: 'stopped', stack: [] } });
    }
    if (word === 'raise') return reply({ outcome: 'error', error: { class: 'Error', message: 'raised', stack: [] } });
    const assignment = /^(\w+) := (\w+)$/.exec(code);
    if (word === 'big') {
      this.#bind(name, 'big');
      return reply({ outcome: 'value', printString: 'big', class: 'Toy', deferred: [name] });
    }
    if (word === 'forget' || word === 'class') {
      if (word === 'class') this.#classes.add(name);
      else this.#values.delete(name);
      this.#dirty.add(name);
      return reply({ outcome: 'value', printString: name, class: 'Toy', capture: this.#take('changes') });
    }
    if (word === 'block' || assignment) {
      const [target, value] = assignment ? [assignment[1] as string, assignment[2] as string] : [name, 'block'];
      if (assignment) this.#unsaved.delete(target);
      else this.#unsaved.add(target);
      this.#bind(target, value);
      return reply({ outcome: 'value', printString: value, class: 'Toy', capture: this.#take('changes') });
    }
    return reply({ outcome: 'value', printString: this.#values.get(code) ?? 'nil', class: 'Toy' });
  }

  #restore(captures: readonly string[]) {
    for (const text of captures) {
      if (this.factory.refuses(text)) throw new Error('the engine does not take this capture');
      for (const [name, value] of Object.entries(JSON.parse(text) as Record<string, string | null>)) {
        if (value === CLASS) this.#classes.add(name);
        else if (value === null) this.#values.delete(name);
        else this.#values.set(name, value);
      }
    }
    return { restored: [...this.#values.keys()], failed: [], classes: [...this.#classes] };
  }

  #bind(name: string, value: string): void {
    this.#values.set(name, value);
    this.#dirty.add(name);
  }

  #take(kind: 'full' | 'changes'): Capture {
    const names = kind === 'full' ? [...this.#values.keys(), ...this.#classes] : [...this.#dirty];
    this.#dirty = new Set();
    const classes = names.filter((name) => this.#classes.has(name));
    const removed = names.filter((name) => !this.#classes.has(name) && !this.#values.has(name));
    const bound = names.filter((name) => this.#values.has(name));
    const saved = bound.filter((name) => !this.#unsaved.has(name));
    const data = [
      ...saved.map((name) => [name, this.#values.get(name)]),
      ...classes.map((name) => [name, CLASS]),
      ...removed.map((name) => [name, null]),
    ];
    return {
      kind,
      data: JSON.stringify(Object.fromEntries(data)),
      saved,
      removed,
      unsaved: bound.filter((name) => this.#unsaved.has(name)).map((name) => ({ name, reason: 'is a block' })),
      classes,
    };
  }
}

function reply(about: Partial<EvaluateReply> & Pick<EvaluateReply, 'outcome'>): EvaluateReply {
  return { transcript: '', durationMs: 1, ...about };
}
