/** The three-way merge of workspace contexts: what one side alone changed is taken, the buffer is merged by lines. */
import { isEqual, isObject, type Json, type JsonObject, keysOf, member } from './json.js';
import { layoutProblem } from './layout.js';
import { mergeText } from './merge-text.js';

/** Both sides changed what is at `path`, each in its own way. A member that is absent says that there is no value. */
export interface PathConflict {
  readonly path: readonly string[];
  readonly base?: Json;
  readonly ours?: Json;
  readonly theirs?: Json;
}

export interface MergedContext {
  readonly context: JsonObject;
  /** By path. There the merged context has what ours has. */
  readonly conflicts: readonly PathConflict[];
}

interface Sides {
  readonly base: Json | undefined;
  readonly ours: Json | undefined;
  readonly theirs: Json | undefined;
}

interface Merged {
  /** Undefined where the merge leaves nothing. */
  readonly value: Json | undefined;
  readonly conflicts: readonly PathConflict[];
}

/**
 * Swapping ours and theirs gives the same context where nothing conflicts, and else the same conflicts, swapped. Settling
 * conflicts below `layout` one by one can give a layout that is none: look at `contextProblem` afterwards.
 */
export function mergeContexts(base: JsonObject, ours: JsonObject, theirs: JsonObject): MergedContext {
  const { value, conflicts } = mergeMembers([], { base, ours, theirs });
  return { context: value, conflicts };
}

function mergeMembers(path: readonly string[], { base, ours, theirs }: Sides): Merged & { readonly value: JsonObject } {
  const value: Record<string, Json> = Object.create(null);
  const conflicts: PathConflict[] = [];
  for (const key of keysOf(base, ours, theirs)) {
    const sides = { base: member(base, key), ours: member(ours, key), theirs: member(theirs, key) };
    const merged = mergePart([...path, key], sides);
    if (merged.value !== undefined) value[key] = merged.value;
    for (const conflict of merged.conflicts) conflicts.push(conflict);
  }
  return { value, conflicts };
}

function mergePart(path: readonly string[], sides: Sides): Merged {
  if (path.length > 1) return mergeValues(path, sides);
  if (path[0] === 'buffer') return mergeBuffers(path, sides);
  return path[0] === 'layout' ? mergeLayouts(path, sides) : mergeValues(path, sides);
}

function mergeValues(path: readonly string[], sides: Sides): Merged {
  const { base, ours, theirs } = sides;
  if (isEqual(ours, base) || isEqual(ours, theirs)) return { value: theirs, conflicts: [] };
  if (isEqual(theirs, base)) return { value: ours, conflicts: [] };
  return isObject(ours) && isObject(theirs) ? mergeMembers(path, sides) : inConflict(path, sides);
}

function mergeBuffers(path: readonly string[], sides: Sides): Merged {
  const { base = '', ours, theirs } = sides;
  const merged = mergeValues(path, sides);
  if (merged.conflicts.length === 0 || typeof ours !== 'string' || typeof theirs !== 'string') return merged;
  const result = typeof base === 'string' ? mergeText(base, ours, theirs) : { conflict: true };
  return 'text' in result ? { value: result.text, conflicts: [] } : merged;
}

/** Parts that fit their own layouts may not fit each other: a panel that one side removed has the other side's focus. */
function mergeLayouts(path: readonly string[], sides: Sides): Merged {
  const { base, ours, theirs } = sides;
  const merged = mergeValues(path, sides);
  if (!isLayout(ours) || !isLayout(theirs)) return merged;
  // Where conflicts remain, what fits depends on whose part is kept; it shall not matter who asks.
  const other = merged.conflicts.length > 0 ? mergeValues(path, { base, ours: theirs, theirs: ours }) : merged;
  return isLayout(merged.value) && isLayout(other.value) ? merged : inConflict(path, sides);
}

function isLayout(value: Json | undefined): boolean {
  return value === undefined || layoutProblem(value) === undefined;
}

function inConflict(path: readonly string[], { base, ours, theirs }: Sides): Merged {
  const conflict = {
    path,
    ...(base === undefined ? {} : { base }),
    ...(ours === undefined ? {} : { ours }),
    ...(theirs === undefined ? {} : { theirs }),
  };
  return { value: ours, conflicts: [conflict] };
}
