/** The way back from two documents to the merge patch (RFC 7396) that leads from one to the other. */
import { isEqual, isObject, type Json, type JsonObject, keysOf, member } from './json.js';

/**
 * @param before an object without null as a member, at any depth outside of arrays; `after` likewise
 * @returns the smallest patch that makes `before` equal to `after`
 */
export function mergePatchBetween(before: JsonObject, after: JsonObject): JsonObject {
  const patch: Record<string, Json> = Object.create(null);
  for (const key of keysOf(before, after)) {
    const [was, is] = [member(before, key), member(after, key)];
    if (is === undefined) {
      patch[key] = null;
    } else if (isObject(was) && isObject(is)) {
      const inner = mergePatchBetween(was, is);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (!isEqual(was, is)) {
      patch[key] = is;
    }
  }
  return patch;
}
