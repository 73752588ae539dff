/** Which session a reference means: names come to stand for other sessions, so what is kept is bound to an id. */
import type { SessionSummary } from '../protocol/documents.js';
import { ProtocolError } from '../protocol/errors.js';
import { resolveSession } from '../session/name.js';
import type { Workplace } from './workplace.js';

const FULL_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Asks the backend, unless the reference is an id.
 * @returns the id; the reference itself where the backend is one that cannot be asked for it
 * @throws {ProtocolError} SessionNotFound, AmbiguousSession; and what reaching a backend throws
 */
export async function sessionId(workplace: Workplace, reference: string): Promise<string> {
  if (FULL_ID.test(reference)) return reference;
  try {
    const { session } = await workplace.ask('get_session_info', { session_id: reference });
    await workplace.remember(session);
    return session.id;
  } catch (error) {
    if (error instanceof ProtocolError && error.type === 'UnknownCommand') return reference;
    throw error;
  }
}

/** @returns the id of the session as far as it is known here, else the reference as it is */
export function knownId(workplace: Workplace, reference: string): string {
  if (FULL_ID.test(reference)) return reference;
  const { sessions } = workplace.local.sessionCache.cachedSessions(workplace.connection);
  const known = (sessions as unknown as SessionSummary[]).map(({ id, name, state }) => ({
    id,
    name,
    closed: state === 'closed',
  }));
  const resolution = resolveSession(reference, known);
  return resolution !== 'none' && 'found' in resolution ? resolution.found.id : reference;
}
