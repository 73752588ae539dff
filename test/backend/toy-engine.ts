/** An engine that tests can steer: a few words instead of Smalltalk, and an account of what it ran. */
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

/**
 * `x := 3` binds; `x` answers; `big x` binds too much to save; `block x` binds what cannot be saved; `forget x` removes;
 * `class A` defines; `raise`; `die`; `hang`.
 */
export class ToyFactory implements EngineFactory {
  readonly name = 'toy';
  /** Every code that any engine of this factory began to run, in order. */
  readonly ran: string[] = [];
  readonly engines: ToyEngine[] = [];
  unavailable = false;
  /** Says which captures no engine takes. */
  refuses: (capture: string) => boolean = () => false;

  /** The engine that was started last. */
  get newest(): ToyEngine | undefined {
    return this.engines.at(-1);
  }

  async start(): Promise<Engine> {
    if (this.unavailable) throw new EngineUnavailable('no engine today');
    const engine = new ToyEngine(this.ran, (capture) => this.refuses(capture));
    this.engines.push(engine);
    return engine;
  }

  async close(): Promise<void> {}
}

/** Stands in captures for the source of a class. */
const CLASS = 'a class';

export class ToyEngine implements Engine {
  readonly ready = { type: 'ready', engine: 'toy', version: '1', dialect: 'toy', capabilities: [] } as const;
  readonly pid = 0;
  readonly exited: Promise<EngineExit>;
  readonly #values = new Map<string, string>();
  readonly #unsaved = new Set<string>();
  readonly #classes = new Set<string>();
  #dirty = new Set<string>();
  ended = false;
  #interrupt: (() => void) | undefined;
  #exit: (exit: EngineExit) => void = () => {};

  constructor(
    private readonly ran: string[],
    private readonly refuses: (capture: string) => boolean,
  ) {
    this.exited = new Promise((resolve) => {
      this.#exit = resolve;
    });
  }

  /** What it holds now, classes among it. */
  get values(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#values, ...[...this.#classes].map((name) => [name, CLASS] as const)]);
  }

  async evaluate({ code }: EvaluateRequest): Promise<EvaluateReply> {
    this.ran.push(code);
    const [word, name = ''] = code.split(' ');
    if (word === 'die') throw this.die();
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

  async restore(captures: readonly string[]) {
    for (const text of captures) {
      if (this.refuses(text)) throw new Error('the engine does not take this capture');
      for (const [name, value] of Object.entries(JSON.parse(text) as Record<string, string | null>)) {
        if (value === CLASS) this.#classes.add(name);
        else if (value === null) this.#values.delete(name);
        else this.#values.set(name, value);
      }
    }
    return { restored: [...this.#values.keys()], failed: [], classes: [...this.#classes] };
  }

  async capture(kind: 'full' | 'changes'): Promise<Capture | undefined> {
    return kind === 'changes' && this.#dirty.size === 0 ? undefined : this.#take(kind);
  }

  async bindings() {
    return [...this.#values].map(([name, printString]) => ({ name, class: 'Toy', printString }));
  }

  async ping(): Promise<void> {}

  interrupt(): void {
    this.#interrupt?.();
  }

  async stop(): Promise<void> {
    this.ended = true;
    this.#exit({ code: 0, signal: null, reason: 'stopped' });
  }

  die(): EngineDied {
    this.ended = true;
    const exit = { code: null, signal: 'SIGKILL', reason: 'the engine was killed' };
    this.#exit(exit);
    return new EngineDied(exit);
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
