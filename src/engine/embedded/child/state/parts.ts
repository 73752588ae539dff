/** Takes captures apart without an engine, for when no engine survives all that they hold. */
import type { CaptureParts } from '../../../contract.js';
import {
  type CaptureData,
  type EncodedObject,
  type EncodedValue,
  FORMAT_VERSION,
  type FoldedCaptures,
  foldCaptures,
} from './format.js';

/** Objects followed to tell small bindings from large ones. */
const MAX_FOLLOWED = 10_000;

/** The names of the small bindings come first. @throws when a capture is not one of this engine's */
export function takeApart(captures: readonly string[]): CaptureParts {
  const folded = foldCaptures(captures);
  const sizes = new Map([...folded.roots].map(([name, value]) => [name, sizeOf(folded, value)]));
  const names = [...folded.roots.keys()].sort((a, b) => (sizes.get(a) ?? 0) - (sizes.get(b) ?? 0));
  return { names, of: (wanted) => captureOf(folded, wanted) };
}

/** Characters, roughly: of the first objects that it reaches. */
function sizeOf({ objects }: FoldedCaptures, root: EncodedValue): number {
  let size = textSize(root);
  const reached = new Set<number>();
  const queue = [root];
  for (let value = queue.pop(); value !== undefined && reached.size < MAX_FOLLOWED; value = queue.pop()) {
    const id = objectId(value);
    if (id === undefined || reached.has(id)) continue;
    reached.add(id);
    for (const part of partsOf(objects.get(id))) {
      size += textSize(part);
      queue.push(part);
    }
  }
  return size;
}

function textSize(value: EncodedValue): number {
  return typeof value === 'string' ? value.length : 8;
}

function* partsOf(object: EncodedObject | undefined): Generator<EncodedValue> {
  yield* object?.e ?? [];
  yield* Object.values(object?.s ?? {});
}

/** Of the bindings those named, with all that they reach. */
function captureOf({ roots, objects, classes }: FoldedCaptures, names: Iterable<string>): string {
  const wanted = [...names].flatMap((name) => {
    const value = roots.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const reached = new Map<number, EncodedObject>();
  const queue = wanted.map(([, value]) => value);
  for (let value = queue.pop(); value !== undefined; value = queue.pop()) {
    const id = objectId(value);
    const object = id === undefined || reached.has(id) ? undefined : objects.get(id);
    if (id === undefined || object === undefined) continue;
    reached.set(id, object);
    for (const each of partsOf(object)) if (objectId(each) !== undefined) queue.push(each);
  }
  const data: CaptureData = {
    version: FORMAT_VERSION,
    kind: 'full',
    roots: withoutPrototype(wanted),
    dropped: [],
    objects: Object.fromEntries(reached),
    classes: [...classes.values()],
    droppedClasses: [],
  };
  return JSON.stringify(data);
}

function objectId(value: EncodedValue): number | undefined {
  return value !== null && typeof value === 'object' && 'o' in value ? Number(value.o) : undefined;
}

/** A binding may be called __proto__. */
function withoutPrototype<T>(members: Iterable<readonly [string, T]>): Record<string, T> {
  const map: Record<string, T> = Object.create(null);
  for (const [name, value] of members) map[name] = value;
  return map;
}
