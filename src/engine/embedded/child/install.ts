/** Puts classes and methods written in TypeScript into Amber, where they are as good as compiled ones. */
import type { Amber, St } from './amber.js';

const PACKAGE = 'STUI';

/** A method's body: `this` is the receiver. */
export type Body = (this: St, ...args: St[]) => unknown;

/** Replaces or adds methods, keyed by selector. */
export function installMethods(amber: Amber, behavior: St, methods: Readonly<Record<string, Body>>): void {
  for (const [selector, fn] of Object.entries(methods)) {
    const method = amber.core.method({ selector, protocol: 'engine', source: '', messageSends: [], fn });
    amber.core.addMethod(method, behavior);
  }
}

/** Runs what is about to signal with a frame on Smalltalk's stack, which methods written here otherwise lack. */
export function inFrame(amber: Amber, receiver: St, selector: string, action: () => St): St {
  return amber.core.withContext(action, (context: St) => context.fill(receiver, selector, {}));
}

/** A class of the engine's own. */
export function installClass(amber: Amber, name: string, superclass: St, slots: readonly string[] = []): St {
  const added = amber.core.addClass(name, superclass, PACKAGE);
  amber.core.setSlots(added, [...slots]);
  return added;
}

/**
 * A class whose instances are made by the JavaScript class `native`, as Amber's Array is of JavaScript's.
 * The native class must inherit from that of the superclass.
 */
export function installNativeClass(amber: Amber, name: string, superclass: St, native: unknown): St {
  const added = amber.core.addClass(name, superclass, PACKAGE);
  added.fn = native;
  Object.defineProperty(added.fn.prototype, 'a$cls', { value: added, configurable: true, writable: true });
  return added;
}
