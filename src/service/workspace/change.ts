/** A change of a session's context: merged with what others changed, made once, and kept while the backend is away. */
import { randomUUID } from 'node:crypto';
import { CliError } from '../../cli/errors.js';
import { Unreachable } from '../../client/errors.js';
import type { Conflict } from '../../protocol/documents.js';
import { ProtocolError } from '../../protocol/errors.js';
import type { JsonObject } from '../../session/json.js';
import type { SeenHistory } from '../../session/seen-history.js';
import { type DeliveredEntry, deliverOrphans } from '../delivery.js';
import { givenUp, untilAnswered } from '../persistence.js';
import type { Workplace } from '../workplace.js';
import { checkedPatch, type MakePatch } from './input.js';
import { type ContextAt, rememberMade } from './memory.js';
import { knownId, lastSeen } from './reading.js';

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

/** @throws {ProtocolError} what the backend answers; UsageError, Unreachable, CliError */
export async function changeContext(workplace: Workplace, change: Change): Promise<ChangeResult> {
  const key = change.key ?? randomUUID();
  let delivered: readonly DeliveredEntry[] = [];
  let before: Before;
  try {
    delivered = await deliverOrphans(workplace);
    before = await contextBefore(workplace, change);
  } catch (error) {
    if (!(error instanceof Unreachable) || !change.keepForLater) throw error;
    return keep(workplace, change, key);
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
  const { outbox, clientId: client } = workplace;
  const { session, base, hash: seenHash } = before;
  const seen = seenHash === undefined ? undefined : { revision: before.revision, hash: seenHash };
  accept(workplace, { key, session, patch, base, ifRevision, seen });
  try {
    const reply = await untilAnswered(workplace, () =>
      workplace.ask('update_session_state', {
        session_id: session,
        state_data: patch,
        client_id: client,
        base_revision: base,
        key,
        if_revision: ifRevision,
        seen,
      }),
    );
    const { revision, session_state: context, conflicts, hash } = reply;
    const made = { patch, from: base, before: base === undefined ? undefined : before.context };
    await rememberMade(workplace, { session, revision, context, hash }, made);
    return {
      session,
      key,
      outcome: conflicts.length > 0 ? 'conflict' : 'changed',
      revision,
      patch,
      context,
      conflicts,
    };
  } catch (error) {
    if (error instanceof ProtocolError && error.type === 'Diverged') throw otherHistory(session);
    if (!(error instanceof Unreachable) || !keepForLater) throw givenUp(error, 'The change', again(key));
    // Sent again under its key, it changes nothing twice.
    if (outbox.get(key)) outbox.release(key);
    return queued({ session, key, patch });
  } finally {
    if (outbox.get(key)?.owner?.pid === process.pid) outbox.remove(key);
  }
}

/** Without the backend a change is made from what was last seen, and from what was changed here since. */
function keep(workplace: Workplace, change: Change, key: string): ChangeResult {
  const session = knownId(workplace, change.session);
  const seen = lastSeen(workplace, session);
  const patch = checkedPatch(change.patch, seen?.context);
  if (seen && Object.keys(patch).length === 0) return unchanged(seen, key, []);
  const base = change.base ?? workplace.local.knownContexts.base(workplace.connection, session, change.paths);
  const head = workplace.local.knownContexts.head(workplace.connection, session);
  // Whoever names a revision means it in the history that there is.
  const known = change.base === undefined ? head : undefined;
  accept(workplace, { key, session, patch, base, ifRevision: change.ifRevision, seen: known });
  workplace.outbox.release(key);
  return { ...queued({ session, key, patch }), delivered: [] };
}

interface Accepted {
  readonly key: string;
  readonly session: string;
  readonly patch: JsonObject;
  readonly base: number | undefined;
  readonly ifRevision: number | undefined;
  readonly seen: SeenHistory | undefined;
}

function accept(workplace: Workplace, { base = undefined, ifRevision, seen, ...order }: Accepted): void {
  const { outbox, connection, clientId: client } = workplace;
  const condition = ifRevision === undefined ? {} : { ifRevision };
  outbox.add({ ...order, connection, client, base: base ?? null, ...condition, ...(seen && { seen }) });
}

async function contextBefore(workplace: Workplace, change: Change): Promise<Before> {
  const session = await sessionId(workplace, change.session);
  const { connection, local } = workplace;
  const known = change.base ?? local.knownContexts.base(connection, session, change.paths);
  const seen = change.base === undefined ? local.knownContexts.head(connection, session) : undefined;
  const answer = await workplace.ask('get_context', { session_id: session, at: known, seen });
  const { revision, context, hash } = answer;
  const isAnother = answer.same_history === false || (change.base === undefined && revision < (known ?? 0));
  if (isAnother) throw otherHistory(change.session);
  if (seen && hash === undefined) workplace.warn(CANNOT_COMPARE);
  return { session, base: known, revision, context, hash };
}

const CANNOT_COMPARE =
  'this backend is older and does not tell histories apart: if the session was replaced by an older copy, look at its ' +
  'context before you change it';

/** What was known of the session is known of it no more, and what is there was never seen here. */
function otherHistory(session: string): CliError {
  return new CliError(
    'other-history',
    `The session ${session} has another history now than when its context was last seen here; nothing was changed`,
    {
      exit: 'conflict',
      hint: 'Look at it with "stui workspace show", then change it: the change is made from what was shown.',
    },
  );
}

/** A name that is remembered may have gone to another session since. */
async function sessionId(workplace: Workplace, reference: string): Promise<string> {
  if (FULL_ID.test(reference)) return reference;
  const { session } = await workplace.ask('get_session_info', { session_id: reference });
  await workplace.remember(session);
  return session.id;
}

const FULL_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

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
