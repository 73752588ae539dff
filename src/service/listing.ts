/** Sessions as the backend lists them or, when it cannot be asked, as they were last seen. */

import type { SessionSummary } from '../protocol/documents.js';
import { ProtocolError } from '../protocol/errors.js';
import { resolveSession } from '../session/name.js';
import { isUnreachable, type Workplace } from './workplace.js';

export interface Listing {
  readonly sessions: readonly SessionSummary[];
  /** The backend could not be asked; this is what was last seen. */
  readonly stale: boolean;
  /** When it was seen, ISO 8601; null where only single sessions were. */
  readonly asOf: string | null;
}

export interface ListingFilter {
  readonly labels: Readonly<Record<string, string>>;
  readonly state?: 'open' | 'closed' | undefined;
}

/** Lists sessions. @throws Unreachable when nobody answers and nothing is remembered either */
export async function listSessions(workplace: Workplace, filter: ListingFilter): Promise<Listing> {
  const wanted = (session: SessionSummary) =>
    (filter.state === undefined || session.state === filter.state) &&
    Object.entries(filter.labels).every(([name, value]) => session.labels[name] === value);
  try {
    const { sessions } = await workplace.ask('list_sessions', {});
    await workplace.local.sessionCache.rememberSessions(
      workplace.connection,
      sessions.map((session) => ({ ...session })),
    );
    return { sessions: sessions.filter(wanted), stale: false, asOf: new Date().toISOString() };
  } catch (error) {
    const { sessions, asOf } = remembered(workplace, error);
    return { sessions: sessions.filter(wanted), stale: true, asOf };
  }
}

/** One session. @throws Unreachable, CliError */
export async function showSession(
  workplace: Workplace,
  reference: string,
): Promise<{ session: SessionSummary; stale: boolean; asOf: string | null }> {
  try {
    const { session } = await workplace.ask('get_session_info', { session_id: reference });
    await workplace.remember(session);
    return { session, stale: false, asOf: new Date().toISOString() };
  } catch (error) {
    const { sessions, asOf } = remembered(workplace, error);
    const found = resolveSession(
      reference,
      sessions.map((session) => ({ ...session, closed: session.state === 'closed' })),
    );
    if (found === 'none') throw error;
    if ('ambiguous' in found) {
      throw new ProtocolError('AmbiguousSession', `"${reference}" stands for several sessions`);
    }
    const session = sessions.find(({ id }) => id === found.found.id) as SessionSummary;
    return { session, stale: true, asOf };
  }
}

function remembered(workplace: Workplace, error: unknown): { sessions: SessionSummary[]; asOf: string | null } {
  if (!isUnreachable(error)) throw error;
  const { sessions, asOf } = workplace.local.sessionCache.cachedSessions(workplace.connection);
  if (sessions.length === 0) throw error;
  return { sessions: sessions as unknown as SessionSummary[], asOf: asOf ?? null };
}
