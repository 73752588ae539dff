/**
 * How a capture is written: JSON with an object table, so that sharing and cycles survive. The text of a value is
 * `null`, a boolean, a number, a string, or an object with one key: `o` (an object's id), `k` (a class), `m` (a
 * metaclass), `g` (the global `Smalltalk`), `n` (a large integer), `f` (a float JSON cannot write), `c` (a Character's
 * code) or `s` (a Symbol).
 */
export const FORMAT_VERSION = 1;

export type EncodedValue = null | boolean | number | string | Readonly<Record<string, string | number>>;

export interface EncodedObject {
  /** Class name. */
  readonly c: string;
  /** Elements, of arrays and sets. */
  readonly e?: readonly EncodedValue[];
  /** Instance variables and keys. */
  readonly s?: Readonly<Record<string, EncodedValue>>;
  /** Milliseconds since the epoch, of a Date; null for an invalid one. */
  readonly d?: number | null;
  /** Source and flags, of a RegularExpression. */
  readonly x?: readonly [string, string];
}

/** Selector, protocol and source. */
export type EncodedMethod = readonly [selector: string, protocol: string, source: string];

export interface ClassRecord {
  readonly name: string;
  /** `extension` stands for the methods that a session added to a class it did not define. */
  readonly kind: 'class' | 'trait' | 'extension';
  readonly superclass?: string | null;
  readonly slots?: readonly string[];
  readonly classSlots?: readonly string[];
  readonly variables?: readonly string[];
  readonly package?: string;
  readonly comment?: string;
  /** Source of the trait composition, per side. */
  readonly traits?: readonly [string, string];
  readonly methods: readonly EncodedMethod[];
  readonly classMethods: readonly EncodedMethod[];
  /** Selectors of methods the session took away from a class it did not define. */
  readonly gone?: readonly [readonly string[], readonly string[]];
}

export interface CaptureData {
  readonly version: number;
  readonly kind: 'full' | 'changes';
  /** By binding name; `Foo class>>count` and `Foo>>Registry` stand for class-side instance and class variables. */
  readonly roots: Readonly<Record<string, EncodedValue>>;
  /** Names that no longer exist, or whose value cannot be carried. */
  readonly dropped: readonly string[];
  readonly objects: Readonly<Record<string, EncodedObject>>;
  readonly classes: readonly ClassRecord[];
  readonly droppedClasses: readonly string[];
}
