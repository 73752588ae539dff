/** Which places of a context a merge patch sets, and whether a context has there what it sets. */
import { valueAt } from './context-path.js';
import { isEqual, isObject, type Json, type JsonObject } from './json.js';

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

/** @returns whether the context has what the patch sets at the place, and nothing that it removes */
export function holds(context: JsonObject, { path, value }: PatchPlace): boolean {
  const there = valueAt(context, path);
  if (value === null) return there === undefined;
  return isObject(value) ? isObject(there) : isEqual(there, value);
}
