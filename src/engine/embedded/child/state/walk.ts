/**
 * Walks everything that can be reached from a set of roots and writes each object down. It keeps its own worklist,
 * because a list linked through a hundred thousand objects must not overflow the stack, and it sends no message that
 * user code could have overridden.
 */
import type { Amber, St } from '../amber.js';
import { classNameOf } from '../stack.js';

/** The walk met more values than it may. */
export class WalkTooLong extends Error {}

/** The text of an object is more than an engine can load. */
class NoRoom extends Error {}

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

/** What the object table of a capture costs an engine that loads it, beside the text of each object: its entries in maps and its parsed form. */
const OBJECT_COST = 32;

/** Of what can be loaded, the share by which the objects of one walk are limited: it holds a node for each, found or written. */
const NODE_COST = 80;

export class Walker {
  readonly #amber: Amber;
  readonly #ids: ObjectIds;
  readonly #unsavable: ReadonlySet<St>;
  #maxCost = 0;
  /** Characters that may still be written down. */
  #room = 0;
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

  /**
   * What is more than an engine can load is not written down: its node has an obstacle instead of a text. What was met first
   * goes first, so one value that is too large costs no other.
   * @param maxCost characters, with `OBJECT_COST` for each object, that an engine can load
   * @throws {WalkTooLong} after `maxObjects` objects, elements and slots
   */
  walk(roots: Iterable<readonly [string, St]>, maxObjects: number, maxCost: number): Walk {
    this.#forget();
    this.#left = maxObjects;
    this.#maxCost = maxCost;
    this.#room = maxCost;
    const walked = new Map<string, WalkedNode>();
    for (const [name, value] of roots) {
      const node: OpenNode = { children: NO_CHILDREN, keys: NO_KEYS, obstacle: undefined };
      const text = this.#fitting(node, () => this.#textOf(value, node, ''));
      walked.set(name, { ...node, text });
    }
    for (let index = 0; index < this.#values.length; index += 1) {
      const open = this.#nodes[index] as OpenNode & { text: string };
      open.text = this.#fitting(open, () => this.#objectText(this.#values[index], open));
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

  /** The text that is made, or an obstacle where it is more than there is room for. */
  #fitting(node: OpenNode, make: () => string): string {
    const [room, found] = [this.#room, this.#values.length];
    try {
      return make();
    } catch (error) {
      if (!(error instanceof NoRoom)) throw error;
      this.#room = room;
      // What was met here alone goes with it, and takes no room of what comes after.
      for (const each of this.#values.splice(found)) this.#found.delete(each);
      this.#nodes.length = found;
      node.children = NO_CHILDREN;
      node.keys = NO_KEYS;
      return this.#obstructed(
        node,
        '',
        `more than is left of the ${megabytes(this.#maxCost)} MB that an engine can load`,
      );
    }
  }

  /** @throws {NoRoom} before the text of one object takes the memory that others need */
  #written(text: string): string {
    this.#take(text.length + 1);
    return text;
  }

  #take(cost: number): void {
    this.#room -= cost;
    if (this.#room < 0) throw new NoRoom();
  }

  #objectText(value: St, node: OpenNode): string {
    const { globals } = this.#amber;
    const behavior = value.a$cls;
    this.#take(OBJECT_COST);
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
        return this.#written('null');
      case 'boolean':
        return this.#written(String(value));
      case 'string':
        return this.#stringText(value);
      case 'number':
        return this.#written(
          Number.isFinite(value) && !Object.is(value, -0) ? String(value) : `{"f":"${floatName(value)}"}`,
        );
      case 'bigint':
        return this.#written(`{"n":"${value}"}`);
      case 'object':
        return this.#written(this.#referenceText(value, node, key));
      default:
        return this.#obstructed(node, key, typeof value === 'function' ? 'a BlockClosure' : 'a JavaScript symbol');
    }
  }

  #stringText(value: string): string {
    if (value.length > this.#room) throw new NoRoom();
    return this.#written(JSON.stringify(value));
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
    if (this.#values.length * NODE_COST > this.#maxCost) throw new NoRoom();
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

function megabytes(characters: number): number {
  return Math.max(1, Math.round(characters / 1e6));
}

function floatName(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function articled(name: string): string {
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}
