/** What a session may be called, and how a name or the beginning of an id finds one. */

/** Long enough for `team/project/branch-name-12345`, short enough for a table column. */
export const MAX_NAME_LENGTH = 100;

/** @returns why `name` cannot be a session's name, or undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (name.length === 0) return 'a session name cannot be empty';
  if (name.length > MAX_NAME_LENGTH) return `a session name has at most ${MAX_NAME_LENGTH} characters`;
  if (/^[-.]/.test(name)) return 'a session name cannot begin with "-" or "."';
  if (name !== name.trim()) return 'a session name cannot begin or end with a space';
  if (!/^[\p{L}\p{N}._/@:+ -]+$/u.test(name)) {
    return 'a session name has letters, digits, spaces and . _ / @ : + - only';
  }
  return undefined;
}

/** Shortest beginning of an id that is taken for one; shorter ones are names. */
export const MIN_ID_PREFIX = 4;

/** @returns whether `reference` can mean this session, as far as that can be told without knowing the others */
export function isReferenceTo(
  reference: string,
  { id, name }: { readonly id: string; readonly name: string },
): boolean {
  return reference === id || reference === name || (reference.length >= MIN_ID_PREFIX && id.startsWith(reference));
}

export type Resolution<T> = { found: T } | { ambiguous: readonly T[] } | 'none';

/** Finds a session: exact id, else exact name, else a unique beginning of an id. Open sessions go before closed ones of the same name. */
export function resolveSession<T extends { id: string; name: string; closed: unknown }>(
  reference: string,
  sessions: readonly T[],
): Resolution<T> {
  const byId = sessions.find((session) => session.id === reference);
  if (byId) return { found: byId };
  const named = sessions.filter((session) => session.name === reference);
  const open = named.filter((session) => !session.closed);
  const candidates =
    open.length > 0
      ? open
      : named.length > 0
        ? named
        : reference.length >= MIN_ID_PREFIX
          ? sessions.filter((session) => session.id.startsWith(reference))
          : [];
  const [first] = candidates;
  if (!first) return 'none';
  return candidates.length === 1 ? { found: first } : { ambiguous: candidates };
}
