/**
 * Loads Amber from the modules the bundle carries. Amber is published as AMD modules; this is as much of an AMD loader
 * as they use, and it works while V8 builds a startup snapshot, where no file can be read.
 */

/**
 * Any Smalltalk value. Amber puts its methods (`_printString`) on the prototypes of JavaScript's own classes at run
 * time, beyond the reach of types.
 */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type St = any;

type Factory = (...dependencies: unknown[]) => unknown;
type Define = (dependencies: readonly string[] | Factory, factory?: Factory) => void;

declare const amberModules: Readonly<Record<string, (define: Define) => void>>;
declare const amberVersion: string;

export const AMBER_VERSION: string = amberVersion;

export interface Amber {
  /** Amber's `$core`: classes, methods, contexts. */
  readonly core: St;
  /** Amber's `$globals`: every class and global by name; inherits from JavaScript's global object. */
  readonly globals: St;
  readonly nil: St;
  /** Amber's `$recv`: turns null, undefined and foreign objects into something that takes messages. */
  readonly asReceiver: (value: unknown) => St;
  readonly boot: St;
  readonly parser: { parse(source: string): St };
}

const loaded = new Map<string, unknown>();

function resolveName(name: string, from: string): string {
  if (!name.startsWith('.')) return name;
  return `${from.slice(0, from.lastIndexOf('/'))}/${name.replace(/^\.\//, '')}`;
}

function load(name: string): unknown {
  if (loaded.has(name)) return loaded.get(name);
  const module = amberModules[name];
  if (module === undefined) throw new Error(`The engine's bundle has no module ${name}.`);
  module((dependencies, factory) => {
    const [names, make] = typeof dependencies === 'function' ? [[], dependencies] : [dependencies, factory as Factory];
    const values = names.map((each) => (each === 'require' ? requireFrom(name) : load(resolveName(each, name))));
    loaded.set(name, make(...values));
  });
  return loaded.get(name);
}

/** AMD's asynchronous `require`: Amber counts on its callback running after the module that called it. */
function requireFrom(from: string) {
  return (names: readonly string[], done: (...modules: unknown[]) => void, failed: (error: unknown) => void): void => {
    Promise.resolve()
      .then(() => names.map((each) => load(resolveName(each, from))))
      .then((modules) => done(...modules), failed);
  };
}

/** Loads Amber's kernel, compiler and SUnit, and starts them. */
export async function loadAmber(): Promise<Amber> {
  const boot = load('amber/boot') as St;
  boot.globals.SmalltalkSettings['transport.defaultAmdNamespace'] = 'amber/core';
  for (const name of Object.keys(amberModules)) load(name);
  // A process of ours handles its own errors; Amber's platform for Node would end it on the first stray one.
  boot.globals.Platform.current = { _globals: () => globalThis };
  boot.api.checkInterrupt = () => {};
  await boot.api.initialize();
  return {
    core: boot.api,
    globals: boot.globals,
    nil: boot.nilAsValue,
    asReceiver: boot.asReceiver,
    boot,
    parser: load('amber/parser') as Amber['parser'],
  };
}
