/**
 * Smalltalk's exceptions: the handler runs where the error was signalled, before the stack unwinds, so it can resume,
 * retry or pass. Amber alone maps them to JavaScript's, which unwind first.
 */
import type { Amber, St } from './amber.js';
import { ControlFlow } from './control-flow.js';
import { installClass, installMethods } from './install.js';
import { classNameOf, DO_IT } from './stack.js';
import type { TranscriptBuffer } from './transcript.js';
import type { Workspace } from './workspace.js';

interface Clause {
  readonly exceptionClass: St;
  readonly block: St;
}

/** One active `on:do:`; or, without clauses, code that catches like JavaScript and hides the handlers outside it. */
interface Handler {
  readonly outer: Handler | undefined;
  readonly clauses: readonly Clause[] | undefined;
}

/** A handler block at work on a signalled exception. */
interface Activation {
  readonly handler: Handler;
  readonly previous: Activation | undefined;
}

/** Ends an `on:do:` with a value, or runs its receiver again. Never visible to Smalltalk code. */
class Unwind extends ControlFlow {
  constructor(
    readonly handler: Handler,
    readonly value: St,
    readonly retry: boolean,
  ) {
    super();
  }
}

/** Lets `signal` answer a value. */
class Resumption extends ControlFlow {
  constructor(
    readonly activation: Activation,
    readonly value: St,
  ) {
    super();
  }
}

export class Exceptions {
  readonly #amber: Amber;
  readonly #workspace: Workspace;
  readonly #transcript: TranscriptBuffer;
  #current: Handler | undefined;
  readonly #activations = new WeakMap<St, Activation>();
  /** Errors that no handler wanted: they end the evaluation, whatever `on:do:` they pass on the way. */
  readonly #unhandled = new WeakSet<St>();
  readonly #offsets = new WeakMap<St, number>();
  readonly #converted = new WeakMap<object, St>();

  constructor(amber: Amber, workspace: Workspace, transcript: TranscriptBuffer) {
    this.#amber = amber;
    this.#workspace = workspace;
    this.#transcript = transcript;
    this.#install();
  }

  /** Forgets the handlers of a terminated evaluation. */
  reset(): void {
    this.#current = undefined;
  }

  /** The Smalltalk exception for anything that JavaScript can throw. */
  asSmalltalk(thrown: unknown): St {
    const { globals } = this.#amber;
    if (isNonLocalReturn(thrown)) return globals.NonLifoReturn._value_((thrown as St[])[0]);
    if (thrown === null || typeof thrown !== 'object') return globals.JavaScriptException._on_(thrown);
    const foreign = thrown as St;
    // JavaScript's own errors inherit from the prototype that Amber's Error has, too, but lack a class of their own.
    const native = foreign.a$cls === globals.Error && Object.getPrototypeOf(foreign) !== globals.Error.fn.prototype;
    if (!native && foreign.a$cls?._includesBehavior_?.(globals.Error) === true) return foreign;
    const known = this.#converted.get(foreign);
    if (known !== undefined) return known;
    const made =
      foreign instanceof RangeError && /call stack/.test(foreign.message)
        ? globals.StackOverflow._new()
        : foreign instanceof Error
          ? Object.assign(globals.PrimitiveFailed._on_(foreign), { message: this.#failureOf(foreign) })
          : globals.JavaScriptException._on_(foreign);
    this.#converted.set(foreign, made);
    return made;
  }

  /** What went wrong in terms of Smalltalk. The context is still that of the method in which it did. */
  #failureOf(error: Error): string {
    const selector = this.#amber.core.getThisContext()?.selector;
    const where = selector == null || selector === DO_IT ? 'A primitive' : `The primitive of #${selector}`;
    if (error instanceof RangeError) return `${where} failed: an argument or the result is out of range`;
    if (error instanceof SyntaxError) return `${where} failed: it cannot read what it was given`;
    return `${where} failed: an argument or the receiver is not what it expects`;
  }

  /** Where in the evaluated source the code was when this was signalled. */
  offsetOf(thrown: unknown): number {
    return this.#offsets.get(thrown as St) ?? this.#workspace.at;
  }

  /** The message text, which user code may compute. */
  messageOf(error: St): string {
    try {
      return String(error._messageText());
    } catch {
      return `${classNameOf(error.a$cls)}, whose messageText failed`;
    }
  }

  #protect(body: St, clauses: readonly Clause[]): St {
    const outer = this.#current;
    const handler: Handler = { outer, clauses };
    let receiver = body;
    const settle = (thrown: unknown): { value: St } | undefined => {
      if (!(thrown instanceof Unwind) || thrown.handler !== handler) throw thrown;
      if (!thrown.retry) return { value: thrown.value };
      receiver = thrown.value ?? receiver;
      return undefined;
    };
    for (;;) {
      this.#current = handler;
      try {
        return receiver._value();
      } catch (thrown) {
        this.#current = outer;
        const settled = this.#isSmalltalkMatter(thrown) ? this.#handleThrown(thrown, handler, settle) : settle(thrown);
        if (settled !== undefined) return settled.value;
      } finally {
        this.#current = outer;
      }
    }
  }

  /** Whether a handler may look at what was thrown: not at our own tokens, nor at a block's `^`. */
  #isSmalltalkMatter(thrown: unknown): boolean {
    if (isNonLocalReturn(thrown) || thrown instanceof ControlFlow) return false;
    if (thrown instanceof Error) return !this.#unhandled.has(thrown);
    return (thrown as St)?.a$cls !== undefined && !this.#unhandled.has(thrown as St);
  }

  /** For what JavaScript threw by itself, where the stack is unwound already. */
  #handleThrown(
    thrown: unknown,
    handler: Handler,
    settle: (thrown: unknown) => { value: St } | undefined,
  ): { value: St } | undefined {
    const error = this.asSmalltalk(thrown);
    const clause = this.#clauseFor(handler, error);
    if (clause === undefined) throw thrown;
    try {
      return { value: this.#activate(error, handler, clause) };
    } catch (fromHandler) {
      return settle(fromHandler);
    }
  }

  #clauseFor(handler: Handler, error: St): Clause | undefined {
    return handler.clauses?.find(({ exceptionClass }) => this.#handles(exceptionClass, error));
  }

  #handles(exceptionClass: St, error: St): boolean {
    const { Exception, ExceptionSet, Error: errorClass } = this.#amber.globals;
    if (exceptionClass?.a$cls === ExceptionSet) {
      return exceptionClass.exceptions.some((each: St) => this.#handles(each, error));
    }
    if (exceptionClass === Exception) return true;
    const kind = error.a$cls;
    // Amber has Error at the root; Exception and its subclasses stand beside the errors, not among them.
    if (exceptionClass === errorClass && kind._includesBehavior_(Exception)) return false;
    return kind === exceptionClass || kind._inheritsFrom_(exceptionClass);
  }

  /** Runs the handler block; its value ends the `on:do:`, unless it resumes. */
  #activate(error: St, handler: Handler, clause: Clause): St {
    const signaller = this.#current;
    const previous = this.#activations.get(error);
    const activation: Activation = { handler, previous };
    this.#activations.set(error, activation);
    this.#current = handler.outer;
    try {
      const { block } = clause;
      const value = block.length === 0 ? block._value() : block._value_(error);
      throw new Unwind(handler, value, false);
    } catch (thrown) {
      if (thrown instanceof Resumption && thrown.activation === activation) return thrown.value;
      throw thrown;
    } finally {
      this.#current = signaller;
      if (previous === undefined) this.#activations.delete(error);
      else this.#activations.set(error, previous);
    }
  }

  #signal(error: St): St {
    error.context = this.#amber.core.getThisContext();
    this.#offsets.set(error, this.#workspace.at);
    return this.#signalFrom(error, this.#current);
  }

  #signalFrom(error: St, innermost: Handler | undefined): St {
    for (let handler = innermost; handler !== undefined; handler = handler.outer) {
      if (handler.clauses === undefined) throw error;
      const clause = this.#clauseFor(handler, error);
      if (clause !== undefined) return this.#activate(error, handler, clause);
    }
    return error._defaultAction();
  }

  #activationOf(error: St): Activation {
    const activation = this.#activations.get(error);
    if (activation !== undefined) return activation;
    return this.#amber.globals.Error._signal_('No handler of this exception is active');
  }

  #install(): void {
    const amber = this.#amber;
    const { globals } = amber;
    const exceptions = this;
    const errorClass = globals.Error;
    const exceptionClass = installClass(amber, 'Exception', errorClass);
    installClass(amber, 'Notification', exceptionClass);
    installClass(amber, 'Warning', exceptionClass);
    installClass(amber, 'StackOverflow', errorClass);
    installClass(amber, 'IllegalResumeAttempt', errorClass);
    // Who wants the error of the language beneath asks it for its exception.
    installClass(amber, 'PrimitiveFailed', globals.JavaScriptException);
    installClass(amber, 'ExceptionSet', globals.Object, ['exceptions']);
    const arithmetic = installClass(amber, 'ArithmeticError', errorClass);
    const zeroDivide = installClass(amber, 'ZeroDivide', arithmetic, ['dividend']);
    installMethods(amber, globals.BlockClosure, {
      'on:do:'(exceptionClassOrSet, block) {
        return exceptions.#protect(this, [{ exceptionClass: exceptionClassOrSet, block }]);
      },
      'on:do:on:do:'(first, firstBlock, second, secondBlock) {
        return exceptions.#protect(this, [
          { exceptionClass: first, block: firstBlock },
          { exceptionClass: second, block: secondBlock },
        ]);
      },
      'ifCurtailed:'(block) {
        let completed = false;
        try {
          const value = this._value();
          completed = true;
          return value;
        } finally {
          if (!completed) block._value();
        }
      },
      'tryCatch:'(block) {
        return exceptions.#catching(this, () => true, block);
      },
      'tryIfTrue:catch:'(condition, block) {
        return exceptions.#catching(this, (thrown) => condition._value_(thrown) === true, block);
      },
    });
    installMethods(amber, globals.Smalltalk.a$cls, {
      'asSmalltalkException:'(thrown) {
        return exceptions.asSmalltalk(thrown);
      },
    });
    installMethods(amber, errorClass, {
      // Amber's puts a message text that nobody gave.
      initialize() {
        return this;
      },
      signal() {
        return exceptions.#signal(this);
      },
      'signal:'(text) {
        this.message = text;
        return this._signal();
      },
      defaultAction() {
        exceptions.#unhandled.add(this);
        throw this;
      },
      pass() {
        const { handler } = exceptions.#activationOf(this);
        return this._resumeUnchecked_(exceptions.#signalFrom(this, handler.outer));
      },
      outer() {
        return exceptions.#signalFrom(this, exceptions.#activationOf(this).handler.outer);
      },
      'return:'(value) {
        throw new Unwind(exceptions.#activationOf(this).handler, value, false);
      },
      return() {
        return this._return_(amber.nil);
      },
      retry() {
        throw new Unwind(exceptions.#activationOf(this).handler, undefined, true);
      },
      'retryUsing:'(block) {
        throw new Unwind(exceptions.#activationOf(this).handler, block, true);
      },
      'resume:'(value) {
        if (this._isResumable() === true) return this._resumeUnchecked_(value);
        return globals.IllegalResumeAttempt._signal_(`${classNameOf(this.a$cls)} cannot be resumed`);
      },
      resume() {
        return this._resume_(amber.nil);
      },
      'resumeUnchecked:'(value) {
        throw new Resumption(exceptions.#activationOf(this), value);
      },
      isResumable() {
        return false;
      },
      messageText() {
        const { message } = this;
        return message == null || message === '' ? this._description() : message;
      },
      description() {
        const { message } = this;
        const name = classNameOf(this.a$cls);
        return message == null || message === '' ? name : `${name}: ${message}`;
      },
      'printOn:'(stream) {
        return stream._nextPutAll_(this._description());
      },
      selector() {
        return this._signalerContext()?._selector?.() ?? amber.nil;
      },
    });
    const resumable = { isResumable: () => true };
    installMethods(amber, globals.MessageNotUnderstood, {
      ...resumable,
      description() {
        return String(this._messageText());
      },
    });
    installMethods(amber, zeroDivide, {
      ...resumable,
      dividend() {
        return this.dividend;
      },
    });
    installMethods(amber, exceptionClass, { ...resumable });
    installMethods(amber, globals.Notification, {
      defaultAction: () => amber.nil,
    });
    installMethods(amber, globals.Warning, {
      defaultAction() {
        exceptions.#transcript.write(`${String(this._description())}\n`);
        return amber.nil;
      },
    });
    installMethods(amber, globals.PrimitiveFailed, {
      messageText() {
        return this.message;
      },
    });
    installMethods(amber, globals.StackOverflow, {
      messageText: () => 'The recursion is too deep',
    });
    installMethods(amber, errorClass.a$cls, {
      ','(other) {
        return Object.assign(globals.ExceptionSet._new(), { exceptions: [this, other] });
      },
      'signalOn:'(dividend) {
        return Object.assign(this._new(), { dividend })._signal();
      },
    });
    installMethods(amber, globals.ExceptionSet, {
      ','(other) {
        return Object.assign(globals.ExceptionSet._new(), { exceptions: [...this.exceptions, other] });
      },
    });
    installMethods(amber, globals.Object, {
      'assert:'(condition) {
        if (amber.asReceiver(condition)._value() !== true) globals.AssertionFailure._signal_('Assertion failed');
        return this;
      },
    });
    installClass(amber, 'AssertionFailure', errorClass);
    installClass(amber, 'NotFound', errorClass);
  }

  /** JavaScript's `try`: the error is caught where it arrives, after unwinding. */
  #catching(body: St, wanted: (thrown: unknown) => boolean, block: St): St {
    const outer = this.#current;
    this.#current = { outer, clauses: undefined };
    try {
      return body._value();
    } catch (thrown) {
      this.#current = outer;
      if (thrown instanceof ControlFlow || isNonLocalReturn(thrown)) throw thrown;
      if (!wanted(thrown)) throw thrown;
      return block._value_(thrown);
    } finally {
      this.#current = outer;
    }
  }
}

/** Amber returns from a method inside a block by throwing an array of one. */
function isNonLocalReturn(thrown: unknown): boolean {
  return Array.isArray(thrown) && thrown.length === 1;
}
