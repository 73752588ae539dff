/**
 * Print strings that end: a collection that contains itself prints as `...` where it recurs, and the print string of a
 * result stops at its limit instead of exhausting the memory.
 */
import type { Amber, St } from './amber.js';
import { ControlFlow } from './control-flow.js';
import { installMethods } from './install.js';

/** Unwinds printing when the limit is reached. Not a Smalltalk error: code under way must not handle it. */
class LimitReached extends ControlFlow {
  constructor(readonly stream: St) {
    super();
  }
}

export class Printer {
  readonly #amber: Amber;
  /** Collections being printed, outermost first. */
  readonly #active = new Set<St>();
  #limit = Number.POSITIVE_INFINITY;

  constructor(amber: Amber) {
    this.#amber = amber;
  }

  /** Forgets what a terminated evaluation left behind. */
  reset(): void {
    this.#active.clear();
    this.#limit = Number.POSITIVE_INFINITY;
  }

  /** The print string of a value, cut to `limit` characters and an ellipsis. */
  print(value: St, limit: number): string {
    this.#limit = limit;
    const stream = this.#newStream();
    let text: string;
    try {
      this.#printOn(value, stream);
      text = stream.collection;
    } catch (error) {
      if (!(error instanceof LimitReached)) throw error;
      text = stream.collection + (error.stream === stream ? '' : error.stream.collection);
    } finally {
      this.#limit = Number.POSITIVE_INFINITY;
    }
    return text.length > limit ? `${text.slice(0, limit)}…` : text;
  }

  /** Prints `open`, the elements and `close`; once only for a collection inside itself. */
  printElements(receiver: St, stream: St, open: string, close: string, printAll: () => void): void {
    stream._nextPutAll_(open);
    if (this.#active.has(receiver)) stream._nextPutAll_('...');
    else {
      this.#active.add(receiver);
      try {
        printAll();
      } finally {
        this.#active.delete(receiver);
      }
    }
    stream._nextPutAll_(close);
  }

  /** Called by every write to a string stream. */
  checkLimit(stream: St): void {
    if (stream.collection.length > this.#limit) throw new LimitReached(stream);
  }

  #newStream(): St {
    return this.#amber.globals.StringStream._on_('');
  }

  /** A class may override `printString` alone; then its print string is that. */
  #printOn(value: St, stream: St): void {
    const receiver = this.#amber.asReceiver(value);
    const inherited = this.#amber.globals.ProtoObject.fn.prototype._printString;
    if (receiver._printString === inherited) receiver._printOn_(stream);
    else stream._nextPutAll_(receiver._printString());
  }
}

/** `printString` and string streams, with the checks. */
export function installPrinting(amber: Amber, printer: Printer): void {
  const { globals } = amber;
  installMethods(amber, globals.StringStream, {
    'nextPutAll:'(text) {
      const added = typeof text === 'string' ? text : stringOf(amber, text);
      const at = this.position ?? 0;
      const { collection } = this;
      const rest = at === collection.length ? '' : collection.slice(at + added.length);
      this.collection = (at === collection.length ? collection : collection.slice(0, at)) + added + rest;
      this.position = at + added.length;
      this.streamSize = Math.max(this.streamSize, this.position);
      printer.checkLimit(this);
      return text;
    },
    'nextPut:'(character) {
      return this._nextPutAll_(character);
    },
    'print:'(value) {
      amber.asReceiver(value)._printOn_(this);
      return value;
    },
  });
  installMethods(amber, globals.Stream, {
    'nextPut:'(element) {
      this.position = (this.position ?? 0) + 1;
      this.collection[this.position - 1] = element;
      this.streamSize = Math.max(this.streamSize, this.position);
      return element;
    },
  });
}

/** A string of a Character, a Symbol or a collection of Characters. */
function stringOf(amber: Amber, value: St): string {
  return String(amber.asReceiver(value)._appendToString_(''));
}
