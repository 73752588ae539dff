/** Texts, contexts and layouts of which three versions are made, as two clients would that began at the same one. */
import fc from 'fast-check';
import type { Json, JsonObject } from '../../src/session/json.js';
import { applyMergePatch } from '../../src/session/merge-patch.js';
import { hostileName } from './entries.js';

export interface Three<T> {
  readonly base: T;
  readonly ours: T;
  readonly theirs: T;
}

/** As a context comes out of a journal or a message: ordinary objects, also with a member called `__proto__`. */
export function parsed<T = JsonObject>(json: string): T {
  return JSON.parse(json) as T;
}

export function reparsed<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** Few different lines, so that they repeat, with all endings there are. */
const line = fc.constantFrom('a\n', 'b\n', 'c\n', '\n', 'a\r\n', '\r\n', 'a\r', '\r');
const lastLine = fc.constantFrom('', '', 'a', '__proto__');

export const texts = fc
  .tuple(fc.array(line, { maxLength: 12 }), lastLine)
  .map(([lines, last]) => [...lines, last].join(''));

interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: readonly string[];
}

/** @returns edits of up to a few lines; where they are is relative to the end of the one before. */
function edits(inserted: fc.Arbitrary<string>): fc.Arbitrary<Edit[]> {
  return fc.array(fc.record({ at: fc.nat(4), remove: fc.nat(2), insert: fc.array(inserted, { maxLength: 2 }) }), {
    maxLength: 3,
  });
}

function edited(lines: readonly string[], changes: readonly Edit[]): string[] {
  const result: string[] = [];
  let at = 0;
  for (const change of changes) {
    result.push(...lines.slice(at, at + change.at), ...change.insert);
    at += change.at + change.remove;
  }
  return [...result, ...lines.slice(at)];
}

export const threeTexts: fc.Arbitrary<Three<string>> = fc.oneof(
  fc.record({ base: texts, ours: texts, theirs: texts }),
  fc.tuple(fc.array(line, { maxLength: 12 }), lastLine, edits(line), edits(line)).map(([lines, last, left, right]) => ({
    base: [...lines, last].join(''),
    ours: [...edited(lines, left), last].join(''),
    theirs: [...edited(lines, right), last].join(''),
  })),
);

/** No line stands twice, so that what became of each can be said. */
export const threeTextsOfDistinctLines: fc.Arbitrary<Three<string[]>> = fc
  .tuple(fc.nat(15), edits(fc.constant('')), edits(fc.constant('')))
  .map(([size, left, right]) => {
    const base = Array.from({ length: size }, (_, index) => `base ${index}\n`);
    const named = (lines: readonly string[], side: string) =>
      lines.map((text, index) => (text === '' ? `${side} ${index}\n` : text));
    return { base, ours: named(edited(base, left), 'ours'), theirs: named(edited(base, right), 'theirs') };
  });

/** JSON without null as a member of an object outside of arrays. */
export const values: fc.Arbitrary<Json> = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Json>(true, 0, 1, 'a\n', 'a\nb\n', ''),
    fc.array(fc.constantFrom<Json>(null, 1, 'x', { k: null }), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.dictionary(hostileName, tie('value'), { maxKeys: 3 }),
})).value;

/** Merge patches, in which null removes. */
const patches = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, fc.constant(null), values, tie('object')),
  object: fc.dictionary(hostileName, tie('value'), { maxKeys: 3 }),
})).object;

/** Parts of foreign clients, a buffer, and a layout in which something is easily missing. */
export const contexts: fc.Arbitrary<JsonObject> = fc
  .tuple(fc.dictionary(hostileName, values, { maxKeys: 3 }), fc.option(texts), fc.option(fc.nat(2)))
  .map(([rest, buffer, panel]) => {
    const layout = panel === null ? {} : { layout: { panels: { [`p${panel}`]: { size: panel } }, focus: `p${panel}` } };
    return reparsed({ ...Object.fromEntries(Object.entries(rest)), ...(buffer === null ? {} : { buffer }), ...layout });
  });

const contextPatches: fc.Arbitrary<JsonObject> = fc
  .tuple(
    patches,
    fc.option(texts),
    fc.option(fc.dictionary(fc.constantFrom('p0', 'p1'), fc.constantFrom(null, {}))),
    fc.nat(6),
  )
  .map(([rest, buffer, panels, focus]) => ({
    ...rest,
    ...(buffer === null ? {} : { buffer }),
    ...(panels === null ? {} : { layout: { panels, ...(focus < 2 ? { focus: `p${focus}` } : {}) } }),
  }));

export const threeContexts: fc.Arbitrary<Three<JsonObject>> = fc.oneof(
  fc.record({ base: contexts, ours: contexts, theirs: contexts }),
  fc.tuple(contexts, contextPatches, contextPatches).map(([base, left, right]) => ({
    base,
    ours: reparsed(applyMergePatch(base, left) as JsonObject),
    theirs: reparsed(applyMergePatch(base, right) as JsonObject),
  })),
);

/** The same value with its keys in the opposite order. */
export function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}
