/** What differs between two workspace contexts, path by path, for people to read. */
import { type DiffLine, diffLines } from './diff-lines.js';
import { isEqual, isObject, type Json, type JsonObject, keysOf, member } from './json.js';

/** A member that is absent says that there was, or is, no value. */
export interface ContextChange {
  readonly path: readonly string[];
  readonly before?: Json;
  readonly after?: Json;
  /** Of the buffer, as far as it is text. */
  readonly lines?: readonly DiffLine[];
}

/** @returns the changes, by path. What is an object on both sides is looked into; all else differs as a whole. */
export function diffContexts(before: JsonObject, after: JsonObject): ContextChange[] {
  const changes: ContextChange[] = [];
  collect([], before, after, changes);
  return changes;
}

function collect(path: readonly string[], before: JsonObject, after: JsonObject, changes: ContextChange[]): void {
  for (const key of keysOf(before, after)) {
    const inner = [...path, key];
    const [was, is] = [member(before, key), member(after, key)];
    if (isObject(was) && isObject(is)) collect(inner, was, is, changes);
    else if (!isEqual(was, is)) changes.push(changeAt(inner, was, is));
  }
}

function changeAt(path: readonly string[], before: Json | undefined, after: Json | undefined): ContextChange {
  return {
    path,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(path.length === 1 && path[0] === 'buffer' ? linesOf(before, after) : {}),
  };
}

function linesOf(before: Json = '', after: Json = ''): { lines?: readonly DiffLine[] } {
  return typeof before === 'string' && typeof after === 'string' ? { lines: diffLines(before, after) } : {};
}
