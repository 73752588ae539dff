/**
 * An object whose keys users choose. valibot's `record` drops the keys `__proto__`, `prototype` and `constructor` without
 * a word, which for us would be a label or a part of the context that is acknowledged and lost.
 */
import * as v from 'valibot';

/** @returns a schema of plain objects that checks every own key and value, and keeps them all. */
export function mapping<K extends v.GenericSchema<string>, V extends v.GenericSchema>(key: K, value: V) {
  return v.pipe(
    v.custom<Readonly<Record<string, v.InferInput<V>>>>(isPlainObject, 'Invalid type: Expected Object'),
    v.transform((object) => new Map(Object.entries(object))),
    v.map(key, value),
    // Not an assignment by key: it would take `__proto__` for the prototype.
    v.transform((map): Record<string, v.InferOutput<V>> => Object.fromEntries(map)),
  );
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
