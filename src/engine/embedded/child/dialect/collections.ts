/** Collections with classes, bounds and print strings of their own, where Amber has one growing Array for all. */
import type { Amber, St } from '../amber.js';
import { type Body, inFrame, installClass, installMethods, installNativeClass } from '../install.js';
import type { Printer } from '../printing.js';
import { classNameOf } from '../stack.js';

class OrderedCollection extends Array<St> {}

class SortedCollection extends OrderedCollection {
  sortBlock: St;

  /** What `map` and `filter` make has an order of its own. */
  static override get [Symbol.species](): ArrayConstructor {
    return OrderedCollection as unknown as ArrayConstructor;
  }
}

/** Holds its elements; only its class and print string tell that it was made from two ends. */
class Interval extends Array<St> {
  first: St;
  last: St;
  step: St;

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

/** Elements of one interval: more would exhaust the memory before the timeout strikes. */
const MAX_INTERVAL = 10_000_000;

/** Under what a set keeps nil, beside true and false. */
const NIL_KEY = 'null';

export function installCollections(amber: Amber, printer: Printer): void {
  const { globals, nil, core } = amber;
  installClass(amber, 'SubscriptOutOfBounds', globals.Error);
  installClass(amber, 'KeyNotFound', globals.NotFound);
  installClass(amber, 'CollectionIsEmpty', globals.Error);
  const ordered = replaceAlias(amber, 'OrderedCollection', OrderedCollection);
  const sorted = installNativeClass(amber, 'SortedCollection', ordered, SortedCollection);
  core.setSlots(sorted, ['sortBlock']);
  const interval = installNativeClass(amber, 'Interval', globals.Array, Interval);
  core.setSlots(interval, ['first', 'last', 'step']);
  installClass(amber, 'Bag', globals.Collection, ['contents']);
  for (const alias of ['IdentityDictionary', 'LookupTable', 'OrderedDictionary']) core.alias(globals.Dictionary, alias);
  core.alias(globals.Set, 'IdentitySet');

  const outOfBounds = (receiver: St, selector: string, index: St): St =>
    inFrame(amber, receiver, selector, () =>
      globals.SubscriptOutOfBounds._signal_(`Index ${print(index)} is out of bounds`),
    );
  const print = (value: St): string => String(amber.asReceiver(value)._printString());
  const isIndex = (receiver: St, index: St): boolean =>
    Number.isInteger(index) && index >= 1 && index <= receiver.length;
  const before = (block: St, a: St, b: St): boolean =>
    (block == null || block === nil ? amber.asReceiver(a).__lt_eq(b) : block._value_value_(a, b)) === true;
  /** Stable, and a comparison that says `<=` both ways means equal. */
  const sortInPlace = (elements: St[], block: St): St[] =>
    elements.sort((a, b) => (before(block, a, b) ? (before(block, b, a) ? 0 : -1) : 1));
  const makeInterval = (first: St, last: St, step: St): St => {
    if (amber.asReceiver(step).__eq(0) === true) return globals.Error._signal_('The step must not be zero');
    const made = new Interval();
    const length = Number(amber.asReceiver(last).__minus(first).__slash_slash(step)) + 1;
    if (length > MAX_INTERVAL) return globals.Error._signal_(`An Interval of ${length} elements is too large`);
    for (let index = 0, at = first; index < length; index += 1, at = at.__plus(step)) made.push(at);
    return Object.assign(made, { first, last, step });
  };
  const refuse = (what: string): Body =>
    function () {
      return globals.Error._signal_(`${classNameOf(this.a$cls)} does not allow ${what}`);
    };

  const isBoxed = (value: St): boolean =>
    value.a$cls === globals.Number || value.a$cls === globals.String || value.a$cls === globals.Boolean;
  /** Under what a set keeps a primitive, or nil, among those of its kind. */
  const storeKey = (element: St): string => (element == null || element === nil ? NIL_KEY : String(element));
  const fromStoreKey = (kind: string, key: string): St => {
    if (kind === 'number') return Number(key);
    if (kind === 'string') return key;
    return key === NIL_KEY ? nil : key === 'true';
  };

  installMethods(amber, globals.Array, {
    'at:'(index) {
      return isIndex(this, index) ? (this[index - 1] ?? nil) : outOfBounds(this, 'at:', index);
    },
    'at:put:'(index, value) {
      if (!isIndex(this, index)) return outOfBounds(this, 'at:put:', index);
      this[index - 1] = value;
      return value;
    },
    'copyFrom:to:'(first, last) {
      if (last < first) return this.slice(0, 0);
      if (first < 1 || last > this.length) return outOfBounds(this, 'copyFrom:to:', first < 1 ? first : last);
      return this.slice(first - 1, last);
    },
    'indexOf:'(element) {
      return this._indexOf_ifAbsent_(element, () => 0);
    },
    'sort:'(block) {
      return sortInPlace(this, block);
    },
    sort() {
      return sortInPlace(this, nil);
    },
    asArray() {
      return Array.from(this);
    },
    asOrderedCollection() {
      return ordered._withAll_(this);
    },
    removeFirst() {
      return this.length === 0 ? globals.CollectionIsEmpty._signal_('The collection is empty') : this.shift();
    },
    removeLast() {
      return this.length === 0 ? globals.CollectionIsEmpty._signal_('The collection is empty') : this.pop();
    },
    'printOn:'(stream) {
      if (this.a$cls !== globals.Array) return printNamed(this, stream, ' ');
      return isLiteral(this, new Set())
        ? printAll(this, stream, '#(', ')', ' ')
        : printAll(this, stream, '{', '}', '. ');
    },
    copy() {
      return this._shallowCopy()._postCopy();
    },
    'select:'(block) {
      return this.filter((each: St) => core.assert(block._value_(each)));
    },
    'detect:ifNone:'(block, none) {
      for (const each of this) if (core.assert(block._value_(each))) return each;
      return none._value();
    },
  });
  installMethods(amber, globals.Array.a$cls, {
    'new:'(size) {
      return new Array(Number(size)).fill(nil);
    },
    'new:withAll:'(size, value) {
      return new Array(Number(size)).fill(value);
    },
  });
  installMethods(amber, ordered.a$cls, {
    'new:'(_size) {
      return this._new();
    },
    'new:withAll:'(size, value) {
      return this._withAll_(new Array(Number(size)).fill(value));
    },
    'with:'(first) {
      return this._withAll_([first]);
    },
    'with:with:'(first, second) {
      return this._withAll_([first, second]);
    },
    'with:with:with:'(first, second, third) {
      return this._withAll_([first, second, third]);
    },
    'withAll:'(elements) {
      const made = this._new();
      for (const each of elements._asArray()) made._add_(each);
      return made;
    },
  });
  installMethods(amber, sorted, {
    'add:'(element) {
      let [low, high] = [0, this.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (before(this.sortBlock, this[middle], element)) low = middle + 1;
        else high = middle;
      }
      this.splice(low, 0, element);
      return element;
    },
    'addAll:'(elements) {
      for (const each of elements._asArray()) this._add_(each);
      return elements;
    },
    'addFirst:': refuse('adding at a place'),
    'at:put:': refuse('adding at a place'),
    shallowCopy() {
      return Object.assign(SortedCollection.from(this), { sortBlock: this.sortBlock });
    },
  });
  installMethods(amber, sorted.a$cls, {
    'sortBlock:'(block) {
      return Object.assign(this._new(), { sortBlock: block });
    },
  });
  installMethods(amber, interval, {
    'printOn:'(stream) {
      const step = this.step === 1 ? '' : ` by: ${print(this.step)}`;
      return stream._nextPutAll_(`(${print(this.first)} to: ${print(this.last)}${step})`);
    },
    'at:put:': refuse('changes'),
    'add:': refuse('changes'),
    shallowCopy() {
      return makeInterval(this.first, this.last, this.step);
    },
    // A copy that is sorted in place would still be an Interval, and print as its two ends.
    'sorted:'(block) {
      return sortInPlace(Array.from(this), block);
    },
    sorted() {
      return sortInPlace(Array.from(this), nil);
    },
    increment() {
      return this.step;
    },
    '='(other) {
      const sequence = other?.a$cls === interval || other?.a$cls === globals.Array;
      return sequence && (Array.from(this) as St).__eq(Array.from(other)) === true;
    },
  });
  installMethods(amber, interval.a$cls, {
    'from:to:'(first, last) {
      return makeInterval(first, last, 1);
    },
    'from:to:by:'(first, last, step) {
      return makeInterval(first, last, step);
    },
  });
  installMethods(amber, globals.Number, {
    'to:'(last) {
      return makeInterval(this.valueOf(), last, 1);
    },
    'to:by:'(last, step) {
      return makeInterval(this.valueOf(), last, step);
    },
  });
  installMethods(amber, globals.Collection, {
    'printOn:'(stream) {
      return printNamed(this, stream, ' ');
    },
    'asSortedCollection:'(block) {
      const made = sorted._sortBlock_(block);
      made._addAll_(this._asArray());
      return made;
    },
    asSortedCollection() {
      return this._asSortedCollection_(nil);
    },
    asOrderedCollection() {
      return ordered._withAll_(this._asArray());
    },
    asArray() {
      const elements: St[] = [];
      this._do_((each: St) => elements.push(each));
      return elements;
    },
    'sorted:'(block) {
      return sortInPlace(Array.from(this._asArray()), block);
    },
    sorted() {
      return sortInPlace(Array.from(this._asArray()), nil);
    },
  });
  installMethods(amber, globals.Set, {
    'printOn:'(stream) {
      return printNamed(this, stream, ' ');
    },
    // Amber files a Date under its milliseconds, and a large integer nowhere.
    'bucketsOfElement:'(element) {
      if (element == null || element === nil) return [nil, this.fastBuckets.boolean];
      const primitive = isBoxed(element) ? element.valueOf() : element;
      const fast = this.fastBuckets[typeof primitive];
      if (fast !== undefined) return [primitive, fast];
      for (const store of this.slowBucketStores) {
        const bucket = store._bucketOfElement_(element);
        if (bucket != null && bucket !== nil) return [element, nil, bucket];
      }
      return [element, nil, this.defaultBucket];
    },
    'add:in:'(element, { store }) {
      const key = storeKey(element);
      if (!(key in store)) this.size += 1;
      store[key] = true;
      return element;
    },
    'includes:in:'(element, { store }) {
      return storeKey(element) in store;
    },
    'remove:in:ifAbsent:'(element, { store }, block) {
      const key = storeKey(element);
      if (!(key in store)) return block._value();
      delete store[key];
      this.size -= 1;
      return element;
    },
    'do:'(block) {
      for (const [kind, { store }] of Object.entries<St>(this.fastBuckets)) {
        for (const key of Object.keys(store)) block._value_(fromStoreKey(kind, key));
      }
      for (const store of this.slowBucketStores) store._do_(block);
      this.defaultBucket._do_(block);
      return this;
    },
  });
  installMethods(amber, globals.Association, {
    'printOn:'(stream) {
      return printer.printElements(this, stream, '', '', () => {
        stream._print_(this.key);
        stream._nextPutAll_('->');
        stream._print_(this.value);
      });
    },
  });
  installMethods(amber, globals.Dictionary, {
    // Amber's sends to what an empty block answers, which is no object.
    'positionOfKey:'(key) {
      const sought = amber.asReceiver(key);
      return this.keys.findIndex((each: St) => amber.asReceiver(each).__eq(sought) === true);
    },
  });
  installMethods(amber, globals.Stream, {
    beWriteOnly() {
      this.isWriteOnly = true;
      return this;
    },
    reset() {
      this.position = 0;
      // What was written before has no reader.
      if (this.isWriteOnly === true) {
        this.collection = this.collection._copyEmpty();
        this.streamSize = 0;
      }
      return this;
    },
  });
  installMethods(amber, globals.AssociativeCollection, {
    'printOn:'(stream) {
      return printer.printElements(this, stream, `${articled(this)}(`, ')', () => {
        [...this._associations()].forEach((each, index) => {
          if (index > 0) stream._nextPutAll_(' ');
          stream._print_(each);
        });
      });
    },
    'at:'(key) {
      return this._at_ifAbsent_(key, () => globals.KeyNotFound._signal_(`${print(key)} is not a key`));
    },
  });

  function printNamed(receiver: St, stream: St, separator: string): void {
    printAll(receiver, stream, `${articled(receiver)}(`, ')', separator);
  }

  function printAll(receiver: St, stream: St, open: string, close: string, separator: string): void {
    printer.printElements(receiver, stream, open, close, () => {
      let first = true;
      receiver._do_((each: St) => {
        if (!first) stream._nextPutAll_(separator);
        first = false;
        stream._print_(each);
      });
    });
  }

  /** Whether an array can be written as a literal, so that its print string evaluates to it. */
  function isLiteral(value: St, outer: Set<St>): boolean {
    if (value == null || value === nil) return true;
    if (typeof value !== 'object') return typeof value !== 'function';
    if (value.a$cls === globals.Character || value.a$cls === globals.Symbol) return true;
    if (value.a$cls !== globals.Array || outer.has(value)) return false;
    outer.add(value);
    const literal = value.every((each: St) => isLiteral(each, outer));
    outer.delete(value);
    return literal;
  }
}

/** Amber has an alias to Array under this name; here it becomes a class of its own. */
function replaceAlias(amber: Amber, name: string, native: unknown): St {
  delete amber.globals[name];
  return installNativeClass(amber, name, amber.globals.Array, native);
}

function articled(receiver: St): string {
  const name = classNameOf(receiver.a$cls);
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}
