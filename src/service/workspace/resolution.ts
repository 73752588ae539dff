/** Deciding a conflict: for one side, for both, or for a value of one's own. */
import type { Parameters } from '../../protocol/command.js';
import type { COMMANDS } from '../../protocol/commands.js';
import type { Conflict } from '../../protocol/documents.js';
import { ProtocolError } from '../../protocol/errors.js';
import type { JsonObject } from '../../session/json.js';
import type { Workplace } from '../workplace.js';
import { givenDecision } from './input.js';
import { rememberSeen } from './memory.js';

export interface Decision {
  readonly session: string;
  /** Id, or a unique beginning of it. */
  readonly conflict: string;
  readonly decision: 'ours' | 'theirs' | 'union' | { readonly file: string };
  readonly ifRevision?: number | undefined;
}

type Choice = Pick<Parameters<typeof COMMANDS.resolve_conflict>, 'conflict' | 'choice' | 'value'>;

/** @throws {ProtocolError} ConflictNotFound, NotResolvable, ...; UsageError */
export async function resolveConflict(
  workplace: Workplace,
  { session, conflict, decision, ifRevision }: Decision,
): Promise<{ session: string; revision: number; conflict: Conflict; context: JsonObject }> {
  const choice: Choice =
    typeof decision === 'string'
      ? { conflict, choice: decision }
      : await valueFrom(decision.file, await openConflict(workplace, session, conflict));
  const decided = await workplace.ask('resolve_conflict', {
    session_id: session,
    ...choice,
    client_id: workplace.clientId,
    if_revision: ifRevision,
  });
  const { id, revision } = decided.session;
  await rememberSeen(workplace, { session: id, revision, context: decided.context });
  return { session: id, revision, conflict: decided.conflict, context: decided.context };
}

async function valueFrom(file: string, { id, path }: Conflict): Promise<Choice> {
  return { conflict: id, choice: 'value', value: await givenDecision(path, file) };
}

/** What a file has to hold depends on the place that the conflict is about. */
async function openConflict(workplace: Workplace, session: string, reference: string): Promise<Conflict> {
  const { conflicts } = await workplace.ask('list_conflicts', { session_id: session });
  const found = conflicts.filter(({ id }) => id.startsWith(reference));
  const [first] = found;
  if (first && found.length === 1) return first;
  const what = first ? `${found.length} conflicts` : 'no open conflict';
  throw new ProtocolError('ConflictNotFound', `The session has ${what} with the id ${reference}`);
}
