/**
 * Where something is in a workspace context, as people write it: `layout.panels.browser.size`, with a backslash before a
 * dot or a backslash that is part of a name; or a JSON Pointer (RFC 6901), `/layout/panels/browser/size`.
 */
import { isObject, type Json, type JsonObject, member } from './json.js';
import { mergePatchBetween } from './merge-patch-between.js';

/** The text is no path, or nothing can be set where it leads. */
export class BadPath extends Error {
  override readonly name = 'BadPath';
}

/** @throws {BadPath} */
export function parsePath(text: string): string[] {
  if (text === '') throw new BadPath('The path is empty.');
  return text.startsWith('/') ? parsePointer(text) : parseDotted(text);
}

function parsePointer(text: string): string[] {
  if (/~(?![01])/.test(text)) {
    throw new BadPath(`"${text}" is no JSON Pointer: behind "~" it has 0, for "~", or 1, for "/".`);
  }
  return text
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function parseDotted(text: string): string[] {
  const path: string[] = [];
  let name = '';
  for (const [token, escaped] of text.matchAll(/\\([\\.])|\\|\.|[^\\.]+/g)) {
    if (token === '\\')
      throw new BadPath(`"${text}" has a backslash that stands before neither a dot nor a backslash.`);
    if (token === '.') {
      path.push(name);
      name = '';
    } else {
      name += escaped ?? token;
    }
  }
  path.push(name);
  if (path.includes('')) {
    throw new BadPath(`"${text}" has an empty name; if that is meant, write the path as a JSON Pointer: /a//b.`);
  }
  return path;
}

/** @returns the text that parses to `path`; for the empty path, which is the whole context, the empty text. */
export function formatPath(path: readonly string[]): string {
  if (path.includes('') || path[0]?.startsWith('/')) {
    return path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  }
  return path.map((name) => name.replaceAll(/[\\.]/g, '\\$&')).join('.');
}

/** @returns what is there, of arrays also an element by its index, or undefined when nothing is. */
export function valueAt(context: JsonObject, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((value, name) => {
    if (!Array.isArray(value)) return member(value, name);
    return /^(0|[1-9]\d*)$/.test(name) ? value[Number(name)] : undefined;
  }, context);
}

/**
 * @param context what the patch will be applied to. Without it nobody can tell whether the path leads into an array, and
 *   an object is merged into the one that is there; with it, the value takes the place of what is there.
 * @returns the merge patch that sets the value
 * @throws {BadPath}
 */
export function patchSetting(path: readonly string[], value: Json, context: JsonObject = {}): JsonObject {
  checkSettable(path, context);
  if (value === null)
    throw new BadPath(`${formatPath(path)} cannot be null, which removes in a merge patch: remove it.`);
  if (holdsNull(value)) {
    throw new BadPath(`${formatPath(path)} cannot have a member that is null, which removes in a merge patch.`);
  }
  const there = valueAt(context, path);
  const patch = isObject(value) && isObject(there) ? mergePatchBetween(there, value) : value;
  return nested(path, patch);
}

/**
 * @param context what the patch will be applied to; without it, the objects that the path leads through come to be
 * @returns the merge patch that removes what is there; an empty one when the context shows that nothing is
 * @throws {BadPath}
 */
export function patchRemoving(path: readonly string[], context?: JsonObject): JsonObject {
  checkSettable(path, context ?? {});
  return context && valueAt(context, path) === undefined ? {} : nested(path, null);
}

function checkSettable(path: readonly string[], context: JsonObject): void {
  if (path.length === 0) throw new BadPath('The path is empty: it leads to the context as a whole.');
  for (let length = 1; length < path.length; length++) {
    const way = path.slice(0, length);
    const value = valueAt(context, way);
    if (Array.isArray(value)) {
      throw new BadPath(`${formatPath(way)} is an array, whose elements can only be changed by setting all of it.`);
    }
    if (value !== undefined && !isObject(value)) {
      throw new BadPath(`${formatPath(way)} is no object, so there is no ${formatPath(path)}.`);
    }
  }
}

/** Arrays are taken as they are. */
function holdsNull(value: Json): boolean {
  return isObject(value) && Object.values(value).some((inner) => inner === null || holdsNull(inner));
}

function nested(path: readonly string[], value: Json): JsonObject {
  return path.reduceRight<Json>((inner, name) => {
    const object: Record<string, Json> = Object.create(null);
    object[name] = inner;
    return object;
  }, value) as JsonObject;
}
