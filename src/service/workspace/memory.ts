/** What this machine keeps of the contexts it has seen and changed: the base of the next change, and a copy to look at. */
import type { JsonObject } from '../../session/json.js';
import { heldPlaces } from '../../session/patch-places.js';
import type { Workplace } from '../workplace.js';

/** A context at a revision, of a session by its id. */
export interface ContextAt {
  readonly session: string;
  readonly revision: number;
  readonly context: JsonObject;
  /** Chain hash at that revision, where the backend tells it. */
  readonly hash?: string | undefined;
}

/** The change that led to a context. */
export interface PatchMade {
  readonly patch: JsonObject;
  /** Revision that the patch was made from; undefined when nothing was known of the context. */
  readonly from: number | undefined;
  /** Revision that the backend merged it from, where that is another one. */
  readonly base?: number | undefined;
  /** The context at that revision. */
  readonly before: JsonObject | undefined;
}

/**
 * The context as it is now was shown to whoever works here.
 * @param sameHistory what was known of the session is a part of its history; undefined when the backend does not say
 */
export async function rememberSeen(
  workplace: Workplace,
  { hash, ...seen }: ContextAt,
  sameHistory: boolean | undefined,
): Promise<void> {
  const { connection, local } = workplace;
  const { session, revision } = seen;
  await orWarn(workplace, async () => {
    // A backend that cannot say still shows it by a history that is too short.
    const isTooShort = revision < (local.knownContexts.base(connection, session, []) ?? 0);
    const isAnother = sameHistory === undefined ? isTooShort : !sameHistory;
    if (isAnother) workplace.warn('the session has another history now than when its context was last seen here');
    await local.knownContexts.saw(connection, session, revision, { hash, isAnother });
    await local.contextCache.remember({ connection, ...seen }, { isAnother });
  });
}

/** A change made here is in the context. */
export async function rememberMade(workplace: Workplace, { hash, ...now }: ContextAt, made: PatchMade): Promise<void> {
  const { connection, local } = workplace;
  const { from, base, before, patch } = made;
  const places = heldPlaces(patch, before, now.context);
  await orWarn(workplace, () =>
    local.knownContexts.made(connection, now.session, { places, from, base, revision: now.revision, hash }),
  );
  await local.contextCache.remember({ connection, ...now });
}

/** An older base for the next change is at worst a conflict more, so this is no reason to fail for what is done already. */
async function orWarn(workplace: Workplace, remember: () => Promise<void>): Promise<void> {
  try {
    await remember();
  } catch (error) {
    workplace.warn(`what was seen of the context cannot be remembered: ${(error as Error).message}`);
  }
}
