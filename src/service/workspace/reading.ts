/** The context of a session as the backend has it or, when it cannot be asked, as it was last seen here. */
import { isChange } from '../../local/outbox.js';
import type { Conflict } from '../../protocol/documents.js';
import type { JsonObject } from '../../session/json.js';
import { applyMergePatch } from '../../session/merge-patch.js';
import { knownId } from '../session-id.js';
import { isUnreachable, type Workplace } from '../workplace.js';
import { type ContextAt, rememberSeen } from './memory.js';

export interface SeenContext extends ContextAt {
  /** Revision that last changed each part; empty when stale. */
  readonly parts: Readonly<Record<string, number>>;
  /** Changes that wait for a decision; empty when stale. */
  readonly conflicts: readonly Conflict[];
  /** The backend could not be asked; this is what was last seen, with what was changed here since. */
  readonly stale: boolean;
  /** When it was seen, ISO 8601. */
  readonly asOf: string;
  /** Changes of it that wait in the outbox. */
  readonly waiting: number;
}

/** @throws {ProtocolError}, Unreachable when nobody answers and nothing is remembered either */
export async function seeContext(workplace: Workplace, reference: string, at?: number): Promise<SeenContext> {
  try {
    const seen = await workplace.ask('get_context', { session_id: reference, at });
    const { session, revision, context } = seen;
    if (at === undefined) await rememberSeen(workplace, { session, revision, context });
    const waiting = waitingChanges(workplace, session, reference).length;
    return { ...seen, stale: false, asOf: new Date().toISOString(), waiting };
  } catch (error) {
    const last = isUnreachable(error) && at === undefined ? lastSeen(workplace, reference) : undefined;
    if (last === undefined) throw error;
    return last;
  }
}

/** What is known here without asking: the context that was last seen, with the changes that wait in the outbox. */
export function lastSeen(workplace: Workplace, reference: string): SeenContext | undefined {
  const session = knownId(workplace, reference);
  const cached = workplace.local.contextCache.get(workplace.connection, session);
  if (cached === undefined) return undefined;
  const { revision, asOf } = cached;
  const waiting = waitingChanges(workplace, session, reference);
  const context = waiting.reduce<JsonObject>(
    (sofar, { patch }) => applyMergePatch(sofar, patch) as JsonObject,
    cached.context,
  );
  return { session, revision, context, parts: {}, conflicts: [], stale: true, asOf, waiting: waiting.length };
}

function waitingChanges(workplace: Workplace, ...references: readonly string[]) {
  return workplace.outbox
    .list(workplace.destination)
    .filter(isChange)
    .filter(({ session }) => references.includes(session));
}
