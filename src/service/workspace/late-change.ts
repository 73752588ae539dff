/** A change of a context that waited in the outbox, brought to the backend. */
import type { ChangeOrder } from '../../local/outbox.js';
import { formatPath } from '../../session/context-path.js';
import type { JsonObject } from '../../session/json.js';
import { patchPlaces } from '../../session/patch-places.js';
import type { Workplace } from '../workplace.js';
import { rememberMade } from './memory.js';

/**
 * The key makes it safe to send it again.
 * @throws {ProtocolError} what the backend answers
 */
export async function deliverChange(
  workplace: Workplace,
  { key, session, client, patch, base: from, ifRevision, seen }: ChangeOrder,
): Promise<{ outcome: 'accepted' | 'conflict'; reason: string | null }> {
  const base = from === null ? undefined : baseAfterOthers(workplace, session, patch, from);
  const before = base === undefined ? undefined : await contextAt(workplace, session, base);
  const reply = await workplace.ask('update_session_state', {
    session_id: session,
    state_data: patch,
    client_id: client,
    base_revision: base,
    key,
    if_revision: ifRevision,
    seen,
  });
  const { session_id: id, revision, session_state: context, conflicts, hash } = reply;
  await rememberMade(
    workplace,
    { session: id, revision, context, hash },
    { patch, from: from ?? undefined, base, before },
  );
  if (conflicts.length === 0) return { outcome: 'accepted', reason: null };
  return { outcome: 'conflict', reason: conflicts.map(({ path }) => formatPath(path)).join(', ') };
}

/** Several changes were made one after another while the backend was away, each from what those before it left. */
function baseAfterOthers(workplace: Workplace, session: string, patch: JsonObject, from: number): number {
  const paths = patchPlaces(patch).map(({ path }) => path);
  return workplace.local.knownContexts.continued(workplace.connection, session, paths, from);
}

async function contextAt(workplace: Workplace, session: string, at: number): Promise<JsonObject | undefined> {
  const { revision, context } = await workplace.ask('get_context', { session_id: session, at });
  return revision === at ? context : undefined;
}
