/** Waiting until a backend or a session is as a pipeline needs it. */
import { CliError } from '../cli/errors.js';
import { RequestTimedOut, Unreachable } from '../client/errors.js';
import { isCertainlyRunning, isGone } from '../files/process-identity.js';
import { readBackendRecord } from '../local/backend-process.js';
import { writerOf } from '../protocol/backend-record.js';
import type { SessionSummary } from '../protocol/documents.js';
import { ProtocolError } from '../protocol/errors.js';
import { privateDataDirectory } from './private-backend.js';
import type { Workplace } from './workplace.js';

/** How often to look, in ms: soon enough for a script, seldom enough for a backend with many of them. */
const LOOK_EVERY_MS = 200;

/** One look must not use up the whole patience, in ms. */
const LOOK_TIMEOUT_MS = 2_000;

export type BackendCondition = 'healthy' | 'stopped';
export type SessionCondition = 'idle' | 'open' | 'closed';

/** Looks until `isMet` answers something. @throws {CliError} `timed-out` */
async function waitUntil<T>(what: string, patienceMs: number, isMet: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const met = await isMet();
    if (met !== undefined) return met;
    if (performance.now() >= deadline) {
      throw new CliError('timed-out', `${what} within ${patienceMs} ms`, {
        exit: 'timedOut',
        hint: 'Wait longer with --timeout.',
      });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** @returns how long it took, in ms */
export async function waitForBackend(
  workplace: Workplace,
  condition: BackendCondition,
  patienceMs: number,
  mustExist: boolean,
): Promise<number> {
  const startedAt = performance.now();
  const hasEnded = processEnd(workplace);
  await waitUntil(`${workplace.endpoint} did not become ${condition}`, patienceMs, async () => {
    const presence = await presenceOf(workplace);
    if (mustExist && presence === 'absent') {
      throw new Unreachable(workplace.endpoint, 'it must exist, and nobody answers');
    }
    const isMet = condition === 'healthy' ? presence === 'ready' : presence === 'absent' && hasEnded();
    return isMet ? true : undefined;
  });
  return performance.now() - startedAt;
}

/**
 * @returns whether the process of the private backend, as far as one was seen, has ended: it answers nobody any more while
 *   it still has the journal. Of a backend elsewhere nobody can tell, nor where another process may have its id by now.
 */
function processEnd(workplace: Workplace): () => boolean {
  if (!workplace.isPrivate) return () => true;
  const directory = privateDataDirectory(workplace.paths);
  const running = () => {
    const record = readBackendRecord(directory);
    return record && isCertainlyRunning(writerOf(record)) ? writerOf(record) : undefined;
  };
  let seen = running();
  return () => {
    seen = running() ?? seen;
    return seen === undefined || isGone(seen);
  };
}

/** @returns the session as it was when the condition was met */
export async function waitForSession(
  workplace: Workplace,
  reference: string,
  condition: SessionCondition,
  patienceMs: number,
  mustExist: boolean,
): Promise<SessionSummary> {
  return waitUntil(`The session ${reference} did not become ${condition}`, patienceMs, async () => {
    const session = await lookFor(workplace, reference, mustExist);
    return session && meets(session, condition) ? session : undefined;
  });
}

function meets(session: SessionSummary, condition: SessionCondition): boolean {
  if (condition !== 'idle') return session.state === condition;
  return session.state === 'open' && session.pending === 0 && session.engineState !== 'busy';
}

async function lookFor(workplace: Workplace, reference: string, mustExist: boolean) {
  try {
    return (await workplace.ask('get_session_info', { session_id: reference }, LOOK_TIMEOUT_MS)).session;
  } catch (error) {
    const absent = error instanceof ProtocolError && error.type === 'SessionNotFound';
    const away = error instanceof Unreachable || error instanceof RequestTimedOut;
    if (mustExist || !(absent || away)) throw error;
    if (away) await workplace.reconnect();
    return undefined;
  }
}

async function presenceOf(workplace: Workplace): Promise<'ready' | 'stopping' | 'absent'> {
  try {
    const { status } = await workplace.ask('ping', {}, LOOK_TIMEOUT_MS);
    return status === 'ready' ? 'ready' : 'stopping';
  } catch (error) {
    if (!(error instanceof Unreachable || error instanceof RequestTimedOut)) throw error;
    await workplace.reconnect();
    return 'absent';
  }
}
