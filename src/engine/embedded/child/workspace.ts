/**
 * The session's variables. Lower-case names live here, capitalised ones among Amber's globals, so that methods see them
 * as they would in any Smalltalk (`Smalltalk at: #Registry put: ...`).
 */
import type { Amber, St } from './amber.js';

export class Workspace {
  /** Compiled code reads and writes these directly, so blocks see live bindings. */
  readonly values: Record<string, St> = Object.create(null);
  /** Source offset of the message that the evaluated code sent last. */
  at = 0;
  /** Changes with the set of names, and so with what names in compiled code mean. */
  generation = 0;
  readonly #globalNames = new Set<string>();
  readonly #amber: Amber;
  readonly #assigned = new Set<string>();

  constructor(amber: Amber) {
    this.#amber = amber;
  }

  static isGlobalName(name: string): boolean {
    return /^[A-Z]/.test(name);
  }

  /** Whether a name stands for something that came with the system, or for a class. */
  isSystemName(name: string): boolean {
    return Workspace.isGlobalName(name) && name in this.#amber.globals && !this.#globalNames.has(name);
  }

  names(): string[] {
    return [...Object.keys(this.values), ...[...this.#globalNames].filter((each) => this.has(each))];
  }

  has(name: string): boolean {
    return name in this.values || (this.#globalNames.has(name) && Object.hasOwn(this.#amber.globals, name));
  }

  get(name: string): St {
    return Workspace.isGlobalName(name) ? this.#amber.globals[name] : this.values[name];
  }

  /** Says that an evaluation may assign `name`, unless it is the system's. */
  declare(name: string): void {
    if (this.isSystemName(name)) return;
    if (!this.has(name)) this.generation += 1;
    this.#assigned.add(name);
    if (Workspace.isGlobalName(name)) this.#globalNames.add(name);
  }

  set(name: string, value: St): void {
    this.declare(name);
    if (Workspace.isGlobalName(name)) this.#amber.globals[name] = value;
    else this.values[name] = value;
  }

  remove(name: string): void {
    if (!this.has(name)) return;
    this.generation += 1;
    if (this.#globalNames.delete(name)) delete this.#amber.globals[name];
    else delete this.values[name];
  }

  /** The existing names among those declared since the last call. */
  takeAssigned(): string[] {
    const names = [...this.#assigned].filter((each) => this.has(each));
    this.#assigned.clear();
    return names;
  }

  /** The value of a capitalised name that was unknown when the code was compiled. */
  global(name: string): St {
    if (name in this.#amber.globals) return this.#amber.globals[name];
    return this.#amber.globals.UnknownVariableError._new()._variableName_(name)._signal();
  }
}
