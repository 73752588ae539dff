/** `--create NAME`: the session of that name, made by the first of all commands that ask for it at once. */
import { randomUUID } from 'node:crypto';
import { UsageError } from '../cli/errors.js';
import type { SessionSummary } from '../protocol/documents.js';
import { ProtocolError } from '../protocol/errors.js';
import { nameProblem } from '../session/name.js';
import type { Workplace } from './workplace.js';

/** How often a name is asked for that is taken when it is to be made, and gone when it is looked for. */
const ATTEMPTS = 5;

/**
 * The backend gives a name to one session only, so whoever comes second finds what the first has made. A session that is
 * closed is found, too: its name has a history, which nobody wants to be split by accident.
 * @throws {ProtocolError} what the backend answers @throws UsageError for what cannot be a name
 */
export async function openOrCreate(workplace: Workplace, name: string): Promise<SessionSummary> {
  const problem = nameProblem(name);
  if (problem !== undefined) throw new UsageError(`--create: ${problem}`);
  for (let left = ATTEMPTS; ; left -= 1) {
    const found = await unless('SessionNotFound', workplace.ask('get_session_info', { session_id: name }));
    // The beginning of another session's id is no reason not to give a session that name.
    if (found !== undefined && [found.session.name, found.session.id].includes(name)) return found.session;
    const creation = workplace.ask('create_session', { client_id: workplace.clientId, session_id: randomUUID(), name });
    const made = left === 1 ? await creation : await unless('NameTaken', creation);
    if (made === undefined) continue;
    await workplace.remember(made.session);
    return made.session;
  }
}

async function unless<R>(type: ProtocolError['type'], work: Promise<R>): Promise<R | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ProtocolError && error.type === type) return undefined;
    throw error;
  }
}
