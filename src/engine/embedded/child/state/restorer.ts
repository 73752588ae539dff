/** Rebuilds a session's state from captures, without running any code of the session's. */
import type { RestoreReply, UnsavedBinding } from '../../../contract.js';
import type { Amber, St } from '../amber.js';
import type { Workspace } from '../workspace.js';
import type { Capturer } from './capturer.js';
import type { ClassTracker } from './classes.js';
import { type EncodedObject, type EncodedValue, foldCaptures } from './format.js';
import type { ObjectIds } from './walk.js';

export class Restorer {
  readonly #amber: Amber;
  readonly #workspace: Workspace;
  readonly #classes: ClassTracker;
  readonly #capturer: Capturer;
  readonly #ids: ObjectIds;
  #objects: ReadonlyMap<number, EncodedObject> = new Map();
  readonly #built = new Map<number, St>();

  constructor(amber: Amber, workspace: Workspace, classes: ClassTracker, capturer: Capturer, ids: ObjectIds) {
    this.#amber = amber;
    this.#workspace = workspace;
    this.#classes = classes;
    this.#capturer = capturer;
    this.#ids = ids;
  }

  /** @throws when a capture is not one of this engine's */
  restore(captures: readonly string[]): RestoreReply {
    const folded = foldCaptures(captures);
    const classes = this.#classes.restore([...folded.classes.values()]);
    const failed: UnsavedBinding[] = [...classes.failed];
    this.#objects = folded.objects;
    this.#built.clear();
    for (const [name, value] of folded.roots) {
      try {
        this.#place(name, this.#valueOf(value));
      } catch (error) {
        failed.push({ name, reason: (error as Error).message });
      }
    }
    for (const [id, object] of this.#built) this.#ids.assign(object, id);
    this.#built.clear();
    this.#objects = new Map();
    this.#capturer.settle();
    return { restored: this.#capturer.names(), failed, classes: classes.names };
  }

  #place(name: string, value: St): void {
    const [className, variable] = name.split('>>');
    if (variable === undefined) {
      this.#workspace.set(name, value);
      return;
    }
    const classSide = className?.endsWith(' class') === true;
    const behavior = this.#classNamed((className as string).replace(/ class$/, ''));
    (classSide ? behavior : behavior.classVariables)[variable] = value;
  }

  #classNamed(name: string): St {
    const found = this.#amber.globals[name];
    if (found?.methods === undefined) throw new Error(`needs the class ${name}, which is missing`);
    return found;
  }

  /** Makes all objects a value reaches before it fills the first, so that cycles close. */
  #valueOf(encoded: EncodedValue): St {
    const fresh: number[] = [];
    try {
      const value = this.#resolve(encoded, fresh);
      for (let index = 0; index < fresh.length; index += 1) this.#fill(fresh[index] as number, fresh);
      return value;
    } catch (error) {
      // Objects of a root that failed may be incomplete; a later root that shares them must not get them.
      for (const id of fresh) this.#built.delete(id);
      throw error;
    }
  }

  #resolve(encoded: EncodedValue, fresh: number[]): St {
    const { globals, nil, core } = this.#amber;
    if (encoded === null) return nil;
    if (typeof encoded !== 'object') return encoded;
    const [kind, text] = Object.entries(encoded)[0] as [string, string | number];
    switch (kind) {
      case 'o':
        return this.#object(Number(text), fresh);
      case 'k':
        return this.#classNamed(String(text));
      case 'm':
        return this.#classNamed(String(text)).a$cls;
      case 'g':
        return globals[text];
      case 'n':
        return BigInt(text);
      case 'f':
        return Number(text);
      case 'c':
        return core.literals.character(String.fromCodePoint(Number(text)));
      case 's':
        return core.literals.symbol(String(text));
      default:
        throw new Error(`has a value of the unknown kind ${kind}`);
    }
  }

  #object(id: number, fresh: number[]): St {
    const known = this.#built.get(id);
    if (known !== undefined) return known;
    const encoded = this.#objects.get(id);
    if (encoded === undefined) throw new Error(`refers to the object ${id}, which no capture holds`);
    const made = this.#allocate(encoded);
    this.#built.set(id, made);
    fresh.push(id);
    return made;
  }

  #allocate(encoded: EncodedObject): St {
    const behavior = this.#classNamed(encoded.c);
    if (encoded.d !== undefined) return new Date(encoded.d ?? Number.NaN);
    if (encoded.x !== undefined) return new RegExp(...encoded.x);
    const made = new behavior.fn();
    if (encoded.e !== undefined && !Array.isArray(made)) this.#emptySet(made);
    return made;
  }

  #fill(id: number, fresh: number[]): void {
    const object = this.#built.get(id);
    const { e: elements = [], s: slots = {} } = this.#objects.get(id) as EncodedObject;
    for (const name of Object.keys(slots)) {
      const value = this.#resolve(slots[name] as EncodedValue, fresh);
      // Assigning would take a key `__proto__` for the object's prototype.
      Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
    }
    for (const each of elements) {
      const value = this.#resolve(each, fresh);
      if (Array.isArray(object)) object.push(value);
      else this.#addToSet(object, value);
    }
  }

  /** `Set >> initialize` without what a subclass may have put in the place of its parts. */
  #emptySet(set: St): void {
    const { prototype } = this.#amber.globals.Set.fn;
    set.defaultBucket = [];
    prototype._initializeSlowBucketStores.call(set);
    prototype._removeAll.call(set);
  }

  /** `Set >> add:` without its comparison, which would run user code; the elements are known to differ. */
  #addToSet(set: St, element: St): void {
    const { prototype } = this.#amber.globals.Set.fn;
    const [key, fast, slow] = prototype._bucketsOfElement_.call(set, element);
    if (fast !== this.#amber.nil) prototype._add_in_.call(set, key, fast);
    else {
      slow.push(key);
      set.size += 1;
    }
  }
}
