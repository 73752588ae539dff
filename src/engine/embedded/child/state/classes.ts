/** The classes, traits and methods that a session defined, as source. */
import type { Amber, St } from '../amber.js';
import type { WorkspaceCompiler } from '../compiler.js';
import type { ClassRecord, EncodedMethod } from './format.js';

export interface ClassProblem {
  readonly name: string;
  readonly reason: string;
}

export class ClassTracker {
  readonly #amber: Amber;
  readonly #compiler: WorkspaceCompiler;
  /** Classes that came with the engine. */
  readonly #system: Set<St>;
  readonly #systemMethods: WeakSet<St>;
  /** Classes touched since the last settled capture, on either side. */
  readonly #touched = new Set<St>();
  readonly #removedMethods = new Map<St, Set<string>>();
  /** The records last captured, as text, by name. */
  #captured = new Map<string, string>();

  /** Takes what is there now for the engine's own. */
  constructor(amber: Amber, compiler: WorkspaceCompiler) {
    this.#amber = amber;
    this.#compiler = compiler;
    this.#system = new Set(amber.core.traitsOrClasses);
    this.#systemMethods = new WeakSet();
    for (const each of this.#system) {
      for (const side of sides(each)) {
        for (const selector of Object.keys(side.localMethods)) this.#systemMethods.add(side.localMethods[selector]);
      }
    }
    this.#observe();
  }

  isUserClass(candidate: St): boolean {
    return !this.#system.has(candidate);
  }

  userClasses(): St[] {
    return this.#amber.core.traitsOrClasses.filter((each: St) => each.trait !== true && this.isUserClass(each));
  }

  touch(behavior: St): void {
    this.#touched.add(behavior.meta === true ? behavior.instanceClass : behavior);
  }

  /** The records that differ from the last capture, or all of them. */
  changes(kind: 'full' | 'changes'): { records: { name: string; text: string }[]; dropped: string[] } {
    const names = new Set<string>();
    for (const each of this.#touched) names.add(each.name);
    for (const name of this.#captured.keys()) names.add(name);
    const records: { name: string; text: string }[] = [];
    const dropped: string[] = [];
    for (const name of names) {
      const found = this.#amber.globals[name];
      const current = found?.localMethods === undefined ? undefined : found;
      const touched = kind === 'full' || current === undefined || this.#touched.has(current);
      if (!touched) continue;
      const text = current === undefined ? undefined : this.#textOf(current);
      const before = this.#captured.get(name);
      if (text === undefined) {
        if (before !== undefined) dropped.push(name);
      } else if (kind === 'full' || text !== before) records.push({ name, text });
    }
    return { records, dropped };
  }

  /** Says that a capture with these changes is out. */
  settle({
    records,
    dropped,
  }: {
    records: readonly { name: string; text: string }[];
    dropped: readonly string[];
  }): void {
    for (const { name, text } of records) this.#captured.set(name, text);
    for (const name of dropped) this.#captured.delete(name);
    this.#touched.clear();
  }

  /** Defines what records say, superclasses first. Runs no method of theirs. */
  restore(records: readonly ClassRecord[]): { names: string[]; failed: ClassProblem[] } {
    const failed: ClassProblem[] = [];
    const defined: ClassRecord[] = [];
    for (const record of superclassesFirst(records)) {
      const problem = this.#attempt(() => this.#define(record));
      if (problem === undefined) defined.push(record);
      else failed.push({ name: record.name, reason: problem });
    }
    for (const record of defined) {
      const problem = this.#attempt(() => this.#compile(record));
      if (problem !== undefined) failed.push({ name: record.name, reason: problem });
    }
    const broken = new Set(failed.map((each) => each.name));
    return { names: defined.map((each) => each.name).filter((each) => !broken.has(each)), failed };
  }

  #attempt(action: () => void): string | undefined {
    try {
      action();
      return undefined;
    } catch (error) {
      const thrown = error as St;
      return String(thrown?._messageText?.() ?? thrown?.message ?? thrown);
    }
  }

  #define(record: ClassRecord): void {
    const { globals, core } = this.#amber;
    if (record.kind === 'extension') {
      if (globals[record.name] === undefined) throw new Error(`this engine has no class ${record.name}`);
      return;
    }
    const packageName = record.package ?? 'unclassified';
    if (record.kind === 'trait') {
      globals.Trait._named_package_(record.name, packageName);
      return;
    }
    const superclass = record.superclass == null ? this.#amber.nil : globals[record.superclass];
    if (superclass === undefined) throw new Error(`its superclass ${record.superclass} is missing`);
    const made = globals.ClassBuilder._new()._superclass_subclass_slots_package_(
      superclass,
      record.name,
      [...(record.slots ?? [])],
      packageName,
    );
    core.setSlots(made.a$cls, [...(record.classSlots ?? [])]);
    declareClassVariables(made, record.variables ?? []);
  }

  #compile(record: ClassRecord): void {
    const behavior = this.#amber.globals[record.name];
    if (record.comment !== undefined && record.comment !== '') behavior._comment_(record.comment);
    const [instanceSide, classSide] = sides(behavior);
    record.traits?.forEach((source, index) => {
      const side = index === 0 ? instanceSide : classSide;
      if (source !== '') side._setTraitComposition_(this.#compiler.compile(`${source} asTraitComposition`)());
    });
    for (const [, protocol, source] of record.methods) this.#compiler.install(source, instanceSide, protocol);
    for (const [, protocol, source] of record.classMethods) this.#compiler.install(source, classSide, protocol);
    record.gone?.forEach((selectors, index) => {
      const side = index === 0 ? instanceSide : classSide;
      for (const selector of selectors) {
        const method = side.localMethods[selector];
        if (method !== undefined) this.#amber.core.removeMethod(method, side);
      }
    });
  }

  /** A class's record as text; undefined for one of the engine's own that is as it came. */
  #textOf(behavior: St): string | undefined {
    const [instanceSide, classSide] = sides(behavior);
    const methods = this.#methodsOf(instanceSide);
    const classMethods = classSide === undefined ? [] : this.#methodsOf(classSide);
    if (!this.isUserClass(behavior)) {
      const gone = [this.#goneFrom(instanceSide), classSide === undefined ? [] : this.#goneFrom(classSide)] as const;
      const untouched = [...methods, ...classMethods, ...gone[0], ...gone[1]].length === 0;
      const record: ClassRecord = { name: behavior.name, kind: 'extension', methods, classMethods, gone };
      return untouched ? undefined : JSON.stringify(record);
    }
    const trait = behavior.trait === true;
    const record: ClassRecord = {
      name: behavior.name,
      kind: trait ? 'trait' : 'class',
      ...(trait
        ? {}
        : {
            superclass: behavior.superclass?.name ?? null,
            slots: [...behavior.slots],
            classSlots: [...classSide.slots],
            variables: Object.keys(behavior.classVariables ?? {}),
          }),
      package: String(behavior.category ?? 'unclassified'),
      comment: String(behavior.comment ?? ''),
      traits: [traitSource(instanceSide), classSide === undefined ? '' : traitSource(classSide)],
      methods,
      classMethods,
    };
    return JSON.stringify(record);
  }

  #methodsOf(side: St): EncodedMethod[] {
    return Object.keys(side.localMethods)
      .map((selector) => side.localMethods[selector])
      .filter((method) => !this.#systemMethods.has(method))
      .map((method) => [String(method.selector), String(method.protocol), String(method.source ?? '')]);
  }

  #goneFrom(side: St): string[] {
    return [...(this.#removedMethods.get(side) ?? [])].filter((selector) => side.localMethods[selector] === undefined);
  }

  /** Amber's own functions for changing classes report here; nothing has to compare a thousand methods afterwards. */
  #observe(): void {
    const { core, globals } = this.#amber;
    const tracker = this;
    const after = (name: string, touched: (args: readonly St[], result: St) => St): void => {
      const original = core[name];
      core[name] = (...args: St[]) => {
        const result = original(...args);
        tracker.touch(touched(args, result));
        return result;
      };
    };
    after('addClass', (_args, result) => result);
    after('addTrait', (_args, result) => result);
    after('setSlots', ([behavior]) => behavior);
    after('addMethod', ([, behavior]) => behavior);
    after('setTraitComposition', ([, behavior]) => behavior);
    after('removeClass', ([behavior]) => behavior);
    after('removeMethod', ([method, behavior]) => {
      if (tracker.#systemMethods.has(method)) {
        const gone = tracker.#removedMethods.get(behavior) ?? new Set();
        tracker.#removedMethods.set(behavior, gone.add(String(method.selector)));
      }
      return behavior;
    });
    const setComment = globals.Class.fn.prototype._comment_;
    for (const each of [globals.Class, globals.Trait]) {
      const method = core.method({
        selector: 'comment:',
        protocol: 'engine',
        source: '',
        messageSends: [],
        fn(this: St, text: St) {
          tracker.touch(this);
          return setComment.call(this, text);
        },
      });
      core.addMethod(method, each);
      this.#systemMethods.add(method);
    }
    this.#touched.clear();
  }
}

/** Class variables live on the class, where the compiler looks for them. */
export function declareClassVariables(behavior: St, names: readonly string[]): void {
  const variables = Object.create(null);
  for (const name of names) variables[name] = behavior.classVariables?.[name];
  behavior.classVariables = variables;
}

/** The instance side and, but for traits, the class side. */
function sides(behavior: St): St[] {
  return behavior.trait === true ? [behavior] : [behavior, behavior.a$cls];
}

function traitSource(side: St): string {
  return side.traitComposition == null ? '' : String(side._traitCompositionDefinition());
}

function superclassesFirst(records: readonly ClassRecord[]): ClassRecord[] {
  const byName = new Map(records.map((each) => [each.name, each]));
  const ordered = new Set<ClassRecord>();
  for (const record of records.filter((each) => each.kind === 'trait')) ordered.add(record);
  for (const record of records) {
    const line: ClassRecord[] = [];
    for (let at: ClassRecord | undefined = record; at !== undefined && !line.includes(at); ) {
      line.unshift(at);
      at = at.superclass == null ? undefined : byName.get(at.superclass);
    }
    for (const each of line) ordered.add(each);
  }
  return [...ordered];
}
