/** An evaluation from the client's side: sent under a key, and asked for again under the same key when the answer got lost. */
import { randomUUID } from 'node:crypto';
import { CliError } from '../cli/errors.js';
import type { ExitName } from '../cli/exit-codes.js';
import { onStop } from '../cli/signals.js';
import { Unreachable } from '../client/errors.js';
import type { OutboxEntry } from '../local/outbox.js';
import type { EvaluationResult } from '../protocol/documents.js';
import { MAX_TIMEOUT_MS } from '../protocol/limits.js';
import type { Evaluation } from '../session/evaluation.js';
import { neverRan } from '../session/never-ran.js';
import { type DeliveredEntry, deliverOrphans } from './delivery.js';
import { givenUp, untilAnswered } from './persistence.js';
import type { Workplace } from './workplace.js';

export interface EvaluationOrder {
  readonly code: string;
  readonly session: string;
  readonly key?: string | undefined;
  readonly timeoutMs: number;
  /** Keep it in the outbox when the backend cannot be reached, rather than fail. */
  readonly keepForLater: boolean;
  /** Refuse it unless the session is at this revision. */
  readonly ifRevision?: number | undefined;
  /** Key of the evaluation with unknown outcome that this one runs again. */
  readonly rerunOf?: string;
  /** What the journal keeps in place of the code, which holds secrets. The code is then kept nowhere, not even for later. */
  readonly recordAs?: string | undefined;
  /** Bindings that are not to be saved, because the code gives them secrets. */
  readonly leaveUnsaved?: readonly string[] | undefined;
  /** The code comes from the journal of a backend, so that it need not be kept here too. */
  readonly replayed?: boolean;
}

export interface Answered {
  /** Its outcome is `queued` when it was kept for later. */
  readonly evaluation: EvaluationResult;
  /** What earlier commands had left in the outbox, and became of it. */
  readonly delivered: readonly DeliveredEntry[];
}

/**
 * Evaluates once, whatever happens to the backend or to this process meanwhile: the order is durable here before it is
 * sent, and leaves the outbox when it is durable there.
 * @throws {ProtocolError} what the backend answers
 * @throws {CliError} `unreachable`, with the key to ask for where it may have been accepted
 */
export async function evaluate(workplace: Workplace, order: EvaluationOrder): Promise<Answered> {
  const { outbox, connection, clientId: client } = workplace;
  const { code, session, timeoutMs, ifRevision } = order;
  const key = order.key ?? randomUUID();
  const condition = ifRevision === undefined ? {} : { ifRevision };
  const accepted = isKept(order)
    ? outbox.add({ key, connection, session, code, timeoutMs, client, ...condition })
    : undefined;
  const forget = onStop(() => {
    process.stderr.write(`stui: the evaluation goes on; ask what became of it with "stui result ${key}"\n`);
  });
  try {
    const delivered = await deliverOrphans(workplace);
    return { evaluation: await askFor(workplace, order, key), delivered };
  } catch (error) {
    if (!(error instanceof Unreachable) || !order.keepForLater || !accepted) throw giveUpOn(key, error, order);
    // A backend that has it answers the next delivery from its journal.
    if (outbox.get(key)) outbox.release(key);
    return { evaluation: queuedEvaluation(accepted, code), delivered: [] };
  } finally {
    forget();
    // Another command may have accepted the same key, and is waiting with it.
    if (outbox.get(key)?.owner?.pid === process.pid) outbox.remove(key);
  }
}

/** What runs again is in the journal of the backend already; what holds secrets is not to be on the disk. */
function isKept({ rerunOf, recordAs, replayed }: EvaluationOrder): boolean {
  return rerunOf === undefined && recordAs === undefined && !replayed;
}

function askFor(workplace: Workplace, order: EvaluationOrder, key: string): Promise<EvaluationResult> {
  return untilAnswered(workplace, async () => {
    const { evaluation } = await workplace.ask(
      'evaluate',
      {
        code: order.code,
        session_id: order.session,
        client_id: workplace.clientId,
        key,
        timeout_ms: order.timeoutMs,
        if_revision: order.ifRevision,
        rerun_of: order.rerunOf,
        record_as: order.recordAs,
        leave_unsaved: order.leaveUnsaved && [...order.leaveUnsaved],
        interim: true,
      },
      // Evaluations queue behind one another and each has its own limit; a dead backend is noticed by its silence.
      MAX_TIMEOUT_MS,
      ({ status }) => {
        // From here on the backend has it, and the key finds its outcome.
        if (status === 'accepted') workplace.outbox.remove(key);
      },
    );
    return evaluation;
  });
}

function giveUpOn(key: string, error: unknown, { recordAs, keepForLater }: EvaluationOrder): unknown {
  if (error instanceof Unreachable && !error.mayHaveArrived && recordAs !== undefined && keepForLater) {
    return new CliError('unreachable', `${error.message}. The evaluation was not kept, because it holds secrets`, {
      hint: 'Send it again once the backend is back. --no-redact would keep it in the outbox, with its secrets.',
      cause: error,
    });
  }
  const hint = `Its key is ${key}: ask with "stui result ${key}", or send it again with --key ${key}; it runs once.`;
  return givenUp(error, 'The evaluation', hint);
}

function queuedEvaluation({ key, session, acceptedAt, client }: OutboxEntry, code: string): EvaluationResult {
  return {
    key,
    session,
    revision: 0,
    time: acceptedAt,
    client,
    code,
    redacted: false,
    outcome: 'queued',
    printString: null,
    class: null,
    transcript: '',
    durationMs: null,
    error: null,
    deferred: [],
    fromJournal: false,
    restored: null,
  };
}

/** What to run again for an evaluation whose outcome is unknown. @throws {ProtocolError} */
export async function orderOfUnknown(
  workplace: Workplace,
  key: string,
  session: string | undefined,
): Promise<Pick<EvaluationOrder, 'code' | 'session' | 'rerunOf'>> {
  const { evaluation } = await workplace.ask('get_result', { key, session_id: session });
  return { code: evaluation.code, session: evaluation.session, rerunOf: key };
}

/** How long one request waits for an outcome, in ms; then it is asked again. */
const RESULT_WAIT_MS = 20_000;

/**
 * Waits for the outcome of an evaluation, through restarts of the backend.
 * @param patienceMs how long, in ms
 * @returns the evaluation, still `queued` when the time is over
 */
export async function awaitResult(
  workplace: Workplace,
  key: string,
  session: string | undefined,
  patienceMs: number,
): Promise<Evaluation> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const left = Math.max(0, Math.ceil(deadline - performance.now()));
    try {
      const wait_ms = Math.min(RESULT_WAIT_MS, left);
      const { evaluation } = await workplace.ask('get_result', { key, session_id: session, wait_ms });
      if (evaluation.outcome !== 'queued' || left === 0) return evaluation;
    } catch (error) {
      if (!(error instanceof Unreachable) || left === 0) throw error;
      await workplace.reconnect();
    }
  }
}

/** How the process ends after an evaluation. */
export function exitOf(evaluation: Pick<EvaluationResult, 'outcome' | 'error'>): ExitName {
  switch (evaluation.outcome) {
    case 'value':
      return 'ok';
    case 'error':
      return neverRan(evaluation) && evaluation.error?.class !== 'CodeNotKept' ? 'engineUnavailable' : 'raised';
    case 'interrupted':
      return 'timedOut';
    case 'unknown':
      return 'unknown';
    case 'queued':
      return 'queued';
    case 'recorded':
      return 'ok';
  }
}
