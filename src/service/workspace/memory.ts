/** What this machine keeps of the contexts it has seen and changed: the base of the next change, and a copy to look at. */
import type { JsonObject } from '../../session/json.js';
import { heldPlaces } from '../../session/patch-places.js';
import type { Workplace } from '../workplace.js';

/** A context at a revision, of a session by its id. */
export interface ContextAt {
  readonly session: string;
  readonly revision: number;
  readonly context: JsonObject;
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

/** The context as it is now was shown to whoever works here. */
export async function rememberSeen(workplace: Workplace, seen: ContextAt): Promise<void> {
  const { connection, local } = workplace;
  await orWarn(workplace, () => local.knownContexts.saw(connection, seen.session, seen.revision));
  await local.contextCache.remember({ connection, ...seen });
}

/** A change made here is in the context. */
export async function rememberMade(workplace: Workplace, now: ContextAt, made: PatchMade): Promise<void> {
  const { connection, local } = workplace;
  const { from, base, before, patch } = made;
  const places = heldPlaces(patch, before, now.context);
  await orWarn(workplace, () =>
    local.knownContexts.made(connection, now.session, { places, from, base, revision: now.revision }),
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
