/** What holds in a session: its own context and, where that says nothing, the user's. */
import { valueAt } from '../../session/context-path.js';
import type { Json, JsonObject } from '../../session/json.js';
import { applyMergePatch } from '../../session/merge-patch.js';

export type Scope = 'session' | 'user';

export function effectiveContext(user: JsonObject, session: JsonObject): JsonObject {
  return applyMergePatch(user, session) as JsonObject;
}

/** @returns undefined when neither has a value there; the session is the source also of what it has in part */
export function effectiveValue(
  user: JsonObject,
  session: JsonObject,
  path: readonly string[],
): { value: Json; source: Scope } | undefined {
  const value = valueAt(effectiveContext(user, session), path);
  if (value === undefined) return undefined;
  return { value, source: valueAt(session, path) === undefined ? 'user' : 'session' };
}
