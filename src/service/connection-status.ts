/** How the connection and the session are, found without starting or waiting for anything. */
import { existsSync } from 'node:fs';
import type { SessionSummary } from '../protocol/documents.js';
import { resolveSession } from '../session/name.js';
import type { Workplace } from './workplace.js';

export interface ConnectionStatus {
  readonly connection: string;
  readonly endpoint: string;
  /** Who this machine is to a backend: what others share sessions with. Null where it has no place to remember it. */
  readonly client: string | null;
  readonly backend: 'healthy' | 'stopping' | 'unreachable' | 'stopped';
  /** Round trip of a ping; null when nobody answered. */
  readonly latencyMs: number | null;
  readonly session: SessionSummary | null;
  /** Evaluations accepted on this machine that no backend has yet. */
  readonly outbox: number;
  /** The session is shown as it was last seen. */
  readonly stale: boolean;
}

/** A prompt must not wait longer for an answer, in ms. */
const PATIENCE_MS = 1_000;

/** Never throws for a backend that does not answer. @throws UnknownConnection, LocalError */
export async function connectionStatus(workplace: Workplace, given: string | undefined): Promise<ConnectionStatus> {
  const { connection, endpoint } = workplace;
  const outbox = workplace.outbox.list(workplace.destination).length;
  const about = { connection, endpoint, client: clientOf(workplace), outbox };
  const reference = given ?? (process.env['STUI_SESSION'] || workplace.local.currentSessions.get(connection)?.id);
  if (workplace.isPrivate && !existsSync(endpoint.replace(/^ipc:\/\//, ''))) {
    return { ...about, backend: 'stopped', latencyMs: null, ...lastSeen(workplace, reference) };
  }
  try {
    const { status } = await workplace.ask('ping', {}, PATIENCE_MS);
    // The first round trip includes the connection; the second is what an evaluation will see.
    const startedAt = performance.now();
    await workplace.ask('ping', {}, PATIENCE_MS);
    const latencyMs = performance.now() - startedAt;
    const session = reference ? await current(workplace, reference) : null;
    const backend = status === 'ready' ? 'healthy' : 'stopping';
    return { ...about, backend, latencyMs, session, stale: false };
  } catch {
    const backend = workplace.isPrivate ? 'stopped' : 'unreachable';
    return { ...about, backend, latencyMs: null, ...lastSeen(workplace, reference) };
  }
}

function clientOf(workplace: Workplace): string | null {
  try {
    return workplace.clientId;
  } catch {
    return null;
  }
}

async function current(workplace: Workplace, reference: string): Promise<SessionSummary | null> {
  try {
    return (await workplace.ask('get_session_info', { session_id: reference }, PATIENCE_MS)).session;
  } catch {
    // A session that is gone is no session; the commands that need one say so.
    return null;
  }
}

function lastSeen(
  workplace: Workplace,
  reference: string | undefined,
): { session: SessionSummary | null; stale: boolean } {
  if (!reference) return { session: null, stale: true };
  const { sessions } = workplace.local.sessionCache.cachedSessions(workplace.connection);
  const known = (sessions as unknown as SessionSummary[]).map((session) => ({
    ...session,
    closed: session.state === 'closed',
  }));
  const found = resolveSession(reference, known);
  if (found === 'none' || 'ambiguous' in found) return { session: null, stale: true };
  const { closed, ...session } = found.found;
  return { session, stale: true };
}
