/** Which places of a context a merge patch changes, and which of them came out as the patch has them. */
import { valueAt } from './context-path.js';
import { isEqual, isObject, type Json, type JsonObject } from './json.js';
import { applyMergePatch } from './merge-patch.js';

export interface PatchPlace {
  readonly path: readonly string[];
  /** Null where the patch removes; an empty object where it only says that there is one. */
  readonly value: Json;
}

export function patchPlaces(patch: JsonObject, path: readonly string[] = []): PatchPlace[] {
  return Object.entries(patch).flatMap(([name, value]) => {
    const inner = [...path, name];
    return isObject(value) && Object.keys(value).length > 0 ? patchPlaces(value, inner) : [{ path: inner, value }];
  });
}

/**
 * @param before what the patch was made from; undefined where that is not known
 * @param after what came out, with what others changed meanwhile
 * @returns the places on the way of the patch, from the whole context down, that are as if nobody else had changed
 *   anything there; `isSet` where the patch sets all that is there
 */
export function heldPlaces(
  patch: JsonObject,
  before: JsonObject | undefined,
  after: JsonObject,
): { path: readonly string[]; isSet: boolean }[] {
  const expected = applyMergePatch(before, patch) as JsonObject;
  const places = patchPlaces(patch);
  const ways = new Map(
    places.flatMap(({ path }) => path.map((_, end) => [JSON.stringify(path.slice(0, end)), path.slice(0, end)])),
  );
  const set = places.map(({ path, value }) => ({ path, isSet: !isObject(value) }));
  const candidates = [...[...ways.values()].map((path) => ({ path, isSet: false })), ...set];
  return candidates
    .filter(({ isSet }) => isSet || before !== undefined)
    .filter(({ path }) => isEqual(valueAt(expected, path), valueAt(after, path)));
}
