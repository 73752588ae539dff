/** A change of a session's context: merged with what others changed, made once, and kept while the backend is away. */
import { randomUUID } from 'node:crypto';
import type { Result } from '../../protocol/command.js';
import type { COMMANDS } from '../../protocol/commands.js';
import type { Conflict } from '../../protocol/documents.js';
import type { JsonObject } from '../../session/json.js';
import { type DeliveredEntry, deliverBefore, HeldBack } from '../delivery.js';
import { KeptOrder } from '../kept-order.js';
import { givenUp, isAway, untilAnswered } from '../persistence.js';
import { knownId, sessionId } from '../session-id.js';
import type { Workplace } from '../workplace.js';
import { checkedPatch, type MakePatch } from './input.js';
import { type ContextAt, rememberMade } from './memory.js';
import { lastSeen } from './reading.js';

/** What a person asks for. */
export interface Change {
  readonly session: string;
  /** The places that are changed. */
  readonly paths: readonly (readonly string[])[];
  readonly patch: MakePatch;
  /** Revision that it is made from; else the one at which the context was last seen here. */
  readonly base?: number | undefined;
  readonly ifRevision?: number | undefined;
  readonly key?: string | undefined;
  /** Keep it in the outbox when the backend cannot be reached, rather than fail. */
  readonly keepForLater: boolean;
}

export interface ChangeResult {
  /** Session id; of a change that was kept, as far as it is known here. */
  readonly session: string;
  readonly key: string;
  /** `unchanged`: there was nothing to change. `queued`: kept for later. `conflict`: others had changed the same. */
  readonly outcome: 'changed' | 'unchanged' | 'conflict' | 'queued';
  /** Revision of the session now; null while queued. */
  readonly revision: number | null;
  readonly patch: JsonObject;
  /** The context of the session now; null while queued. */
  readonly context: JsonObject | null;
  readonly conflicts: readonly Conflict[];
  /** What earlier commands had left in the outbox, and became of it. */
  readonly delivered: readonly DeliveredEntry[];
}

/** What a change is made from. */
interface Before extends ContextAt {
  /** Undefined when the context was never seen here: it is then the present one. */
  readonly base: number | undefined;
}

/**
 * @throws {ProtocolError} what the backend answers
 * @throws {HeldBack} when something else comes first in the session, and it cannot be kept behind that
 * @throws OutboxKeyConflict when something else waits under its key
 * @throws UsageError, Unreachable, CliError
 */
export async function changeContext(workplace: Workplace, change: Change): Promise<ChangeResult> {
  const key = change.key ?? randomUUID();
  const delivered: DeliveredEntry[] = [];
  let before: Before;
  try {
    const session = await sessionId(workplace, change.session);
    delivered.push(...(await deliverBefore(workplace, session)));
    before = await contextBefore(workplace, { ...change, session });
  } catch (error) {
    if (!change.keepForLater || !(isAway(error) || error instanceof HeldBack)) throw error;
    return { ...keep(workplace, change, key, error), delivered };
  }
  const patch = checkedPatch(change.patch, before.context);
  if (Object.keys(patch).length === 0) return unchanged(before, key, delivered);
  return { ...(await send(workplace, change, { key, before, patch })), delivered };
}

/** Durable here before it is sent, as evaluations are. */
async function send(
  workplace: Workplace,
  { ifRevision, keepForLater }: Change,
  { key, before, patch }: { key: string; before: Before; patch: JsonObject },
): Promise<Omit<ChangeResult, 'delivered'>> {
  const { session, base } = before;
  const kept = accept(workplace, { key, session, patch, base, ifRevision });
  let reply: Result<typeof COMMANDS.update_session_state>;
  try {
    reply = await untilAnswered(workplace, () =>
      workplace.ask('update_session_state', {
        session_id: session,
        state_data: patch,
        client_id: workplace.clientId,
        base_revision: base,
        key,
        if_revision: ifRevision,
      }),
    );
  } catch (error) {
    // Sent again under its key, it changes nothing twice.
    const isLeft = isAway(error) && keepForLater ? kept.leave() : !kept.takeBack();
    if (isLeft) return queued({ session, key, patch });
    throw givenUp(error, 'The change', again(key));
  }
  kept.done();
  const { revision, session_state: context, conflicts } = reply;
  const made = { patch, from: base, before: base === undefined ? undefined : before.context };
  await rememberMade(workplace, { session, revision, context }, made);
  return { session, key, outcome: conflicts.length > 0 ? 'conflict' : 'changed', revision, patch, context, conflicts };
}

/**
 * Without the backend a change is made from what was last seen, and from what was changed here since.
 * @param because why it cannot be sent now
 */
function keep(workplace: Workplace, change: Change, key: string, because: unknown): Omit<ChangeResult, 'delivered'> {
  const session = knownId(workplace, change.session);
  const seen = lastSeen(workplace, session);
  const patch = checkedPatch(change.patch, seen?.context);
  if (seen && Object.keys(patch).length === 0) return unchanged(seen, key, []);
  const base = change.base ?? workplace.local.knownContexts.base(workplace.connection, session, change.paths);
  // What another command sends under the same key may still come to nothing there.
  if (!accept(workplace, { key, session, patch, base, ifRevision: change.ifRevision }).leave()) throw because;
  return queued({ session, key, patch });
}

interface Accepted {
  readonly key: string;
  readonly session: string;
  readonly patch: JsonObject;
  readonly base: number | undefined;
  readonly ifRevision: number | undefined;
}

function accept(workplace: Workplace, { base = undefined, ifRevision, ...order }: Accepted): KeptOrder {
  const { connection, clientId: client } = workplace;
  const condition = ifRevision === undefined ? {} : { ifRevision };
  return KeptOrder.accept(workplace, { ...order, connection, client, base: base ?? null, ...condition });
}

async function contextBefore(workplace: Workplace, change: Change): Promise<Before> {
  const { session } = change;
  const { connection, local } = workplace;
  const known = change.base ?? local.knownContexts.base(connection, session, change.paths);
  const { revision, context } = await workplace.ask('get_context', { session_id: session, at: known });
  if (change.base !== undefined || known === undefined || revision >= known) {
    return { session, base: known, revision, context };
  }
  // Another history: what was known of this session is known of it no more.
  await local.knownContexts.forget(connection, session);
  return { session, base: undefined, revision, context };
}

function unchanged(
  { session, revision, context }: ContextAt,
  key: string,
  delivered: readonly DeliveredEntry[],
): ChangeResult {
  return { session, key, outcome: 'unchanged', revision, patch: {}, context, conflicts: [], delivered };
}

function queued(kept: { session: string; key: string; patch: JsonObject }): Omit<ChangeResult, 'delivered'> {
  return { ...kept, outcome: 'queued', revision: null, context: null, conflicts: [] };
}

function again(key: string): string {
  return `Its key is ${key}: send it again with --key ${key}; it is made once.`;
}
