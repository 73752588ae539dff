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

/** What captures say together. */
export interface FoldedCaptures {
  readonly roots: Map<string, EncodedValue>;
  readonly objects: Map<number, EncodedObject>;
  readonly classes: Map<string, ClassRecord>;
}

/** @throws when a capture is not one of this engine's */
export function foldCaptures(captures: readonly string[]): FoldedCaptures {
  const folded: FoldedCaptures = { roots: new Map(), objects: new Map(), classes: new Map() };
  for (const text of captures) {
    const data = JSON.parse(text) as CaptureData;
    if (data.version !== FORMAT_VERSION) throw new Error(`a capture has the unknown version ${data.version}`);
    if (data.kind === 'full') {
      folded.roots.clear();
      folded.objects.clear();
      folded.classes.clear();
    }
    for (const name of data.dropped) folded.roots.delete(name);
    for (const [name, value] of Object.entries(data.roots)) folded.roots.set(name, value);
    for (const [id, object] of Object.entries(data.objects)) folded.objects.set(Number(id), object);
    for (const name of data.droppedClasses) folded.classes.delete(name);
    for (const record of data.classes) folded.classes.set(record.name, record);
  }
  return folded;
}
