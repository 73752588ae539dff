/**
 * Walks everything that can be reached from a set of roots and writes each object down. It keeps its own worklist,
 * because a list linked through a hundred thousand objects must not overflow the stack, and it sends no message that
 * user code could have overridden.
 */
import type { Amber, St } from '../amber.js';
import { classNameOf } from '../stack.js';

/** The walk met more values than it may. */
export class WalkTooLong extends Error {}

/** A value that cannot be written down. */
interface Obstacle {
  readonly what: string;
  readonly key: string;
}

export interface WalkedNode {
  readonly text: string;
  /** The nodes it refers to, in step with `keys`. */
  readonly children: WalkedObject[];
  readonly keys: string[];
  readonly obstacle: Obstacle | undefined;
}

export interface WalkedObject extends WalkedNode {
  readonly id: number;
}

export interface Walk {
  readonly roots: ReadonlyMap<string, WalkedNode>;
  readonly objects: readonly WalkedObject[];
}

/** Most objects refer to none; they share these. */
const NO_CHILDREN: WalkedObject[] = [];
const NO_KEYS: string[] = [];

/** A node while its parts are written down. */
interface OpenNode {
  children: WalkedObject[];
  keys: string[];
  obstacle: Obstacle | undefined;
}

/** Instances of these stand for something alive in this process, even when their slots look plain. */
const UNSAVABLE_CLASSES = [
  'CompiledMethod',
  'MethodContext',
  'Promise',
  'JSObjectProxy',
  'Package',
  'ClassOrganizer',
  'PackageOrganizer',
  'Timeout',
  'ForkPool',
];

/** Identities, stable for the life of the process, so that captures can build on each other. */
export class ObjectIds {
  readonly #ids = new WeakMap<object, number>();
  #next = 1;

  of(object: object): number {
    const known = this.#ids.get(object);
    if (known !== undefined) return known;
    this.assign(object, this.#next);
    return this.#next - 1;
  }

  assign(object: object, id: number): void {
    this.#ids.set(object, id);
    this.#next = Math.max(this.#next, id + 1);
  }
}

export class Walker {
  readonly #amber: Amber;
  readonly #ids: ObjectIds;
  readonly #unsavable: ReadonlySet<St>;
  #found = new Map<St, WalkedObject>();
  /** The objects found, and in step with them their nodes. */
  #values: St[] = [];
  #nodes: WalkedObject[] = [];
  #left = 0;

  constructor(amber: Amber, ids: ObjectIds) {
    this.#amber = amber;
    this.#ids = ids;
    this.#unsavable = new Set(UNSAVABLE_CLASSES.map((name) => amber.globals[name]));
  }

  /** @throws {WalkTooLong} after `maxObjects` objects, elements and slots */
  walk(roots: Iterable<readonly [string, St]>, maxObjects: number): Walk {
    this.#forget();
    this.#left = maxObjects;
    const walked = new Map<string, WalkedNode>();
    for (const [name, value] of roots) {
      const node: OpenNode = { children: NO_CHILDREN, keys: NO_KEYS, obstacle: undefined };
      const text = this.#textOf(value, node, '');
      walked.set(name, { ...node, text });
    }
    for (let index = 0; index < this.#values.length; index += 1) {
      const open = this.#nodes[index] as OpenNode & { text: string };
      open.text = this.#objectText(this.#values[index], open);
    }
    const objects = this.#nodes;
    this.#forget();
    return { roots: walked, objects };
  }

  #forget(): void {
    this.#found = new Map();
    this.#values = [];
    this.#nodes = [];
  }

  #objectText(value: St, node: OpenNode): string {
    const { globals } = this.#amber;
    const behavior = value.a$cls;
    const head = `{"c":${JSON.stringify(behavior.name)}`;
    if (globals[behavior.name] !== behavior) {
      node.obstacle ??= { what: `an instance of ${behavior.name}, a class that was removed`, key: '' };
    }
    if (isNative(value, 'Date')) return `${head},"d":${JSON.stringify(value.getTime())}}`;
    if (isNative(value, 'RegExp')) return `${head},"x":${JSON.stringify([value.source, value.flags])}}`;
    if (Array.isArray(value)) {
      const slots: readonly string[] = behavior === globals.Array ? [] : behavior._allInstanceVariableNames();
      return `${head},"e":${this.#elementsText(value, node)}${this.#slotsText(value, slots, node)}}`;
    }
    if (behavior === globals.Set || behavior._inheritsFrom_(globals.Set)) {
      const elements: St[] = [];
      globals.Set.fn.prototype._do_.call(value, (each: St) => elements.push(each));
      const internal = new Set(globals.Set._allInstanceVariableNames());
      const slots = Object.keys(value).filter((each) => !internal.has(each));
      return `${head},"e":${this.#elementsText(elements, node)}${this.#slotsText(value, slots, node)}}`;
    }
    return `${head}${this.#slotsText(value, Object.keys(value), node)}}`;
  }

  #elementsText(elements: readonly St[], node: OpenNode): string {
    const parts: string[] = [];
    for (let index = 0; index < elements.length; index += 1) {
      parts.push(this.#textOf(elements[index], node, String(index + 1)));
    }
    return `[${parts.join(',')}]`;
  }

  #slotsText(value: St, names: readonly string[], node: OpenNode): string {
    if (names.length === 0) return '';
    const parts = names.map((name) => `${JSON.stringify(name)}:${this.#textOf(value[name], node, `#${name}`)}`);
    return `,"s":{${parts.join(',')}}`;
  }

  #textOf(value: St, node: OpenNode, key: string): string {
    this.#left -= 1;
    if (this.#left < 0) throw new WalkTooLong();
    switch (typeof value) {
      case 'undefined':
        return 'null';
      case 'boolean':
        return String(value);
      case 'string':
        return JSON.stringify(value);
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? String(value) : `{"f":"${floatName(value)}"}`;
      case 'bigint':
        return `{"n":"${value}"}`;
      case 'object':
        return this.#referenceText(value, node, key);
      default:
        return this.#obstructed(node, key, typeof value === 'function' ? 'a BlockClosure' : 'a JavaScript symbol');
    }
  }

  #referenceText(value: St, node: OpenNode, key: string): string {
    const { nil, globals } = this.#amber;
    if (value === null || value === nil) return 'null';
    const behavior = value.a$cls;
    if (behavior === undefined) return this.#obstructed(node, key, 'a JavaScript object');
    if (value.meta === true) return `{"m":${JSON.stringify(value.instanceClass.name)}}`;
    if (behavior.meta === true || value.trait === true) {
      if (globals[value.name] === value) return `{"k":${JSON.stringify(value.name)}}`;
      return this.#obstructed(node, key, `the removed class ${value.name}`);
    }
    if (value === globals.Smalltalk) return '{"g":"Smalltalk"}';
    if (behavior === globals.Character) return `{"c":${value.code}}`;
    if (behavior === globals.Symbol) return `{"s":${JSON.stringify(String(value))}}`;
    if (behavior === globals.String || behavior === globals.Number || behavior === globals.Boolean) {
      return this.#textOf(value.valueOf(), node, key);
    }
    if (this.#unsavable.has(behavior)) return this.#obstructed(node, key, articled(classNameOf(behavior)));
    const child = this.#nodeFor(value);
    if (node.children === NO_CHILDREN) {
      node.children = [];
      node.keys = [];
    }
    node.children.push(child);
    node.keys.push(key);
    return `{"o":${child.id}}`;
  }

  #nodeFor(value: St): WalkedObject {
    const found = this.#found.get(value);
    if (found !== undefined) return found;
    const id = this.#ids.of(value);
    const node: WalkedObject = { id, text: '', children: NO_CHILDREN, keys: NO_KEYS, obstacle: undefined };
    this.#found.set(value, node);
    this.#values.push(value);
    this.#nodes.push(node);
    return node;
  }

  #obstructed(node: OpenNode, key: string, what: string): string {
    node.obstacle ??= { what, key };
    return 'null';
  }
}

/** Not `instanceof`: an instance of a subclass that a session defined has the prototype, and nothing behind it. */
function isNative(value: St, kind: 'Date' | 'RegExp'): boolean {
  return Object.prototype.toString.call(value) === `[object ${kind}]`;
}

function floatName(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function articled(name: string): string {
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}
