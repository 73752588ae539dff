/** Settles a conflict by keeping what both sides have, where that can be said. */
import { canonical, isEqual, isObject, type Json, type JsonObject, keysOf, member } from './json.js';
import { uniteTexts } from './merge-text.js';

/**
 * Texts are united by lines, arrays by elements, objects by members, among which scalars that clash keep ours. A value
 * that only one side has is kept.
 * @param base undefined where there is no value; `ours` and `theirs` likewise
 * @returns undefined where there is no union: of two different numbers, or a text and an array
 */
export function uniteValues(
  base: Json | undefined,
  ours: Json | undefined,
  theirs: Json | undefined,
): Json | undefined {
  if (theirs === undefined || isEqual(ours, theirs)) return ours;
  if (ours === undefined) return theirs;
  if (typeof ours === 'string' && typeof theirs === 'string') {
    return uniteTexts(typeof base === 'string' ? base : '', ours, theirs);
  }
  if (Array.isArray(ours) && Array.isArray(theirs)) return [...ours, ...lacking(ours, theirs)];
  return isObject(ours) && isObject(theirs) ? uniteMembers(base, ours, theirs) : undefined;
}

function uniteMembers(base: Json | undefined, ours: JsonObject, theirs: JsonObject): JsonObject {
  const united: Record<string, Json> = Object.create(null);
  for (const key of keysOf(ours, theirs)) {
    const kept = member(ours, key);
    united[key] = uniteValues(member(base, key), kept, member(theirs, key)) ?? kept;
  }
  return united;
}

/** @returns the elements of theirs that ours lacks or has less often. */
function lacking(ours: readonly Json[], theirs: readonly Json[]): Json[] {
  const covered = new Map<string, number>();
  for (const element of ours.map(canonical)) covered.set(element, (covered.get(element) ?? 0) + 1);
  return theirs.filter((element) => {
    const text = canonical(element);
    const count = covered.get(text) ?? 0;
    covered.set(text, count - 1);
    return count <= 0;
  });
}
