/** What a client made of a context itself: whoever makes several changes one after another knows what those before left. */

/** A place that a client changed, and that nobody else had changed. */
export interface OwnChange {
  /** Empty for the whole context. */
  readonly path: readonly string[];
  /** Revision that the change was made from. */
  readonly from: number;
  /** Revision that has it. */
  readonly revision: number;
}

/** A place that is now as it would be if nobody else had changed anything there. */
export interface HeldPlace {
  readonly path: readonly string[];
  /** All that is there was set by the change; else the rest is what it was made from, as far as that was known. */
  readonly isSet: boolean;
}

/** From which context to which a change led. */
export interface MadeChange {
  readonly places: readonly HeldPlace[];
  /** Revision that it was made from. */
  readonly from: number;
  /** Revision that the backend merged it from, where that is another one: see {@link continuedFrom}. */
  readonly base: number;
  readonly revision: number;
}

export interface KnownContext {
  /** Revision at which the whole context was seen. */
  readonly seen: number;
  /** Newest first. What others changed elsewhere in the context by then was not seen. */
  readonly own: readonly OwnChange[];
}

/** Places in a context that are set again before somebody looks at it. A forgotten one is a conflict more, not a loss. */
const OWN_CHANGES_LIMIT = 50;

/** @returns the newest revision at which all that is at `path` was known */
export function knownAt({ seen, own }: KnownContext, path: readonly string[]): number {
  return Math.max(seen, ownAt(own, path)?.revision ?? 0);
}

/**
 * Of changes made one after another from the same context, those before are in it now: the next one was made from what they
 * left.
 * @param from revision whose context the change says it was made from
 * @returns the revision whose context has, at `paths`, what it was really made from
 */
export function continuedFrom(own: readonly OwnChange[], paths: readonly (readonly string[])[], from: number): number {
  if (paths.length === 0) return from;
  // What was made before and came out later than what was seen then, whoever made the next change knew as well.
  const isBefore = (change: OwnChange) => change.from <= from && from <= change.revision;
  return Math.min(...paths.map((path) => ownAt(own, path, isBefore)?.revision ?? from));
}

/** @returns the client's own changes after it made one more */
export function withMade(known: KnownContext, { places, from, base, revision }: MadeChange): readonly OwnChange[] {
  const paths = places.filter(({ path, isSet }) => isSet || knownAt(known, path) >= base).map(({ path }) => path);
  const added = paths
    .filter((path) => !paths.some((outer) => outer.length < path.length && isWithin(path, outer)))
    .map((path) => ({ path, from, revision }));
  const kept = known.own.filter((each) => each.from !== from || !paths.some((path) => isWithin(each.path, path)));
  return [...added, ...kept].slice(0, OWN_CHANGES_LIMIT);
}

function ownAt(
  own: readonly OwnChange[],
  path: readonly string[],
  isMeant: (change: OwnChange) => boolean = () => true,
): OwnChange | undefined {
  return own.find((each) => isWithin(path, each.path) && isMeant(each));
}

/** @returns whether `path` is `outer`, or leads to something inside of it */
function isWithin(path: readonly string[], outer: readonly string[]): boolean {
  return outer.every((name, index) => path[index] === name);
}
