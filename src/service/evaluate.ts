/** An evaluation from the client's side: sent under a key, and asked for again under the same key when the answer got lost. */
import { randomUUID } from 'node:crypto';
import { CliError } from '../cli/errors.js';
import type { ExitName } from '../cli/exit-codes.js';
import { onStop } from '../cli/signals.js';
import { visibleLine } from '../cli/terminal-text.js';
import { Unreachable } from '../client/errors.js';
import { isChange, isFor, type EvaluationOrder as KeptEvaluation, type OutboxEntry } from '../local/outbox.js';
import type { EvaluationResult } from '../protocol/documents.js';
import { ProtocolError } from '../protocol/errors.js';
import { MAX_TIMEOUT_MS } from '../protocol/limits.js';
import type { Evaluation } from '../session/evaluation.js';
import { type DeliveredEntry, deliverBefore, deliverOrphans, HeldBack } from './delivery.js';
import { KeptOrder } from './kept-order.js';
import { givenUp, isAway, untilAnswered } from './persistence.js';
import { knownId, sessionId } from './session-id.js';
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
  /** The code comes from the journal of a backend, so that it need not be kept here too. */
  readonly replayed?: boolean;
}

/** Of an evaluation without an outcome yet: who has it, and why nobody knows more. */
export interface Waiting {
  /** `outbox`: of this machine, to be delivered by whoever comes next. `backend`: it is in the journal. */
  readonly where: 'outbox' | 'backend';
  readonly reason: string;
}

export interface Answered {
  /** Its outcome is `queued` when it was kept for later, or accepted and not answered. */
  readonly evaluation: EvaluationResult;
  /** Null when there is an outcome. */
  readonly waiting: Waiting | null;
  /** What earlier commands had left in the outbox, and became of it. */
  readonly delivered: readonly DeliveredEntry[];
}

/** How far an evaluation got. */
interface Standing {
  readonly key: string;
  session: string;
  /** In the outbox, durably. */
  kept?: KeptOrder;
  /** It may have left for the backend. */
  sent: boolean;
  /** Revision at which the backend has it in the journal. */
  acceptedAt?: number;
}

/**
 * Evaluates once, whatever happens to the backend or to this process meanwhile: the order is durable here before it is
 * sent, and leaves the outbox when it is durable there. What is accepted, here or there, and has no outcome is `queued`
 * and no error, whatever fails after that.
 * @throws {ProtocolError} what the backend answers
 * @throws {HeldBack} when something else comes first in its session, and it cannot be kept behind that
 * @throws {CliError} `unreachable`, with the key to ask for where it may have been accepted
 * @throws OutboxKeyConflict when something else waits under its key
 */
export async function evaluate(workplace: Workplace, order: EvaluationOrder): Promise<Answered> {
  const standing: Standing = { key: order.key ?? randomUUID(), session: order.session, sent: false };
  const delivered: DeliveredEntry[] = [];
  const forget = onStop(() => {
    process.stderr.write(`stui: ${visibleLine(interruptionOf(standing))}\n`);
  });
  try {
    const evaluation = await attempt(workplace, order, standing, delivered);
    standing.kept?.done();
    return { evaluation, waiting: null, delivered };
  } catch (error) {
    return { ...giveUp(order, standing, error), delivered };
  } finally {
    forget();
  }
}

async function attempt(
  workplace: Workplace,
  order: EvaluationOrder,
  standing: Standing,
  delivered: DeliveredEntry[],
): Promise<EvaluationResult> {
  try {
    standing.session = await sessionId(workplace, order.session);
  } catch (error) {
    if (!isAway(error) || !order.keepForLater || !isKept(order)) throw error;
    standing.session = knownId(workplace, order.session);
    keep(workplace, order, standing);
    throw error;
  }
  keep(workplace, order, standing);
  delivered.push(...(await deliverBefore(workplace, standing.session, standing.kept?.entry)));
  return askFor(workplace, order, standing);
}

/** What runs again is in the journal of the backend already; what holds secrets is not to be on the disk. */
function isKept({ rerunOf, recordAs, replayed }: EvaluationOrder): boolean {
  return rerunOf === undefined && recordAs === undefined && !replayed;
}

function keep(workplace: Workplace, order: EvaluationOrder, standing: Standing): void {
  const { code, timeoutMs, ifRevision } = order;
  const { key, session } = standing;
  const condition = ifRevision === undefined ? {} : { ifRevision };
  const evaluation = {
    key,
    session,
    code,
    timeoutMs,
    client: workplace.clientId,
    ...workplace.destination,
    ...condition,
  };
  if (isKept(order)) standing.kept = KeptOrder.accept(workplace, evaluation);
  else workplace.outbox.requireFree(evaluation);
}

function askFor(workplace: Workplace, order: EvaluationOrder, standing: Standing): Promise<EvaluationResult> {
  const { key, session } = standing;
  return untilAnswered(workplace, async () => {
    await workplace.client();
    standing.sent = true;
    const { evaluation } = await workplace.ask(
      'evaluate',
      {
        code: order.code,
        session_id: session,
        client_id: workplace.clientId,
        key,
        timeout_ms: order.timeoutMs,
        if_revision: order.ifRevision,
        rerun_of: order.rerunOf,
        record_as: order.recordAs,
        interim: true,
      },
      // Evaluations queue behind one another and each has its own limit; a dead backend is noticed by its silence.
      MAX_TIMEOUT_MS,
      ({ status, result }) => {
        if (status !== 'accepted') return;
        // From here on the backend has it, and the key finds its outcome.
        standing.acceptedAt = (result as { revision: number }).revision;
        standing.kept?.done();
      },
    );
    return evaluation;
  });
}

/** @throws what to tell of an evaluation that is not accepted anywhere, as far as anybody knows */
function giveUp(order: EvaluationOrder, standing: Standing, error: unknown): Omit<Answered, 'delivered'> {
  const { kept, acceptedAt } = standing;
  const reason = error instanceof Error ? error.message : String(error);
  const queued = (where: Waiting['where']) => ({
    evaluation: queuedEvaluation(order, standing),
    waiting: { where, reason },
  });
  if (acceptedAt !== undefined) return queued('backend');
  const isLater = order.keepForLater && (isAway(error) || error instanceof HeldBack);
  if (kept !== undefined && (isLater ? kept.leave() : !kept.takeBack())) return queued('outbox');
  throw failureOf(order, standing, error);
}

function failureOf({ recordAs, keepForLater }: EvaluationOrder, { key }: Standing, error: unknown): unknown {
  if (error instanceof Unreachable && !error.mayHaveArrived && recordAs !== undefined && keepForLater) {
    return new CliError('unreachable', `${error.message}. The evaluation was not kept, because it holds secrets`, {
      hint: 'Send it again once the backend is back. --no-redact would keep it in the outbox, with its secrets.',
      cause: error,
    });
  }
  const hint = `Its key is ${key}: ask with "stui result ${key}", or send it again with --key ${key}; it runs once.`;
  return givenUp(error, 'The evaluation', hint);
}

/** What is true of an evaluation whose command is told to stop. */
function interruptionOf({ key, kept, sent, acceptedAt }: Standing): string {
  const ask = `ask what became of it with "stui result ${key}"`;
  if (acceptedAt !== undefined) return `the evaluation goes on; ${ask}`;
  if (kept !== undefined) {
    return `the evaluation is kept and will be delivered, once; ${ask}, or take it back with "stui outbox drop ${key}"`;
  }
  return sent ? `the evaluation may have been accepted; ${ask}` : 'nothing was sent';
}

function queuedEvaluation({ code, recordAs }: EvaluationOrder, standing: Standing): EvaluationResult {
  const { key, session, kept, acceptedAt } = standing;
  return {
    key,
    session,
    revision: acceptedAt ?? 0,
    time: kept?.entry.acceptedAt ?? new Date().toISOString(),
    client: kept?.entry.client ?? '',
    code: recordAs ?? code,
    redacted: recordAs !== undefined,
    ...NO_OUTCOME,
    fromJournal: false,
    restored: null,
  };
}

const NO_OUTCOME = {
  outcome: 'queued',
  printString: null,
  class: null,
  transcript: '',
  durationMs: null,
  error: null,
  deferred: [],
} as const;

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
 * @returns the evaluation, still `queued` when the time is over, also where it waits in the outbox of this machine
 * @throws {ProtocolError} KeyConflict when what waits in the outbox is other code than the backend has under the key
 */
export async function awaitResult(
  workplace: Workplace,
  key: string,
  session: string | undefined,
  patienceMs: number,
): Promise<Evaluation> {
  const { outbox } = workplace;
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const left = Math.max(0, Math.ceil(deadline - performance.now()));
    const kept = keptEvaluation(workplace, key);
    try {
      const wait_ms = Math.min(RESULT_WAIT_MS, left);
      const { evaluation } = await workplace.ask('get_result', { key, session_id: session, wait_ms });
      if (kept !== undefined && isFor(kept, workplace.destination) && kept.code !== evaluation.code) {
        throw new ProtocolError('KeyConflict', `Other code waits in the outbox under ${key} than the backend has run`);
      }
      if (evaluation.outcome !== 'queued' || left === 0) return evaluation;
    } catch (error) {
      const isUnknown = error instanceof ProtocolError && error.type === 'EvaluationNotFound';
      if (!isAway(error) && !(isUnknown && kept !== undefined)) throw error;
      if (left === 0 && kept !== undefined) return waitingEvaluation(kept);
      if (left === 0) throw error;
      // Whoever waits for it is whoever comes next.
      if (isUnknown) await deliverIfPossible(workplace);
      if (!isUnknown || outbox.get(key) !== undefined) await workplace.reconnect();
    }
  }
}

async function deliverIfPossible(workplace: Workplace): Promise<void> {
  try {
    await deliverOrphans(workplace);
  } catch (error) {
    if (!isAway(error)) throw error;
  }
}

function keptEvaluation({ outbox }: Workplace, key: string): (OutboxEntry & KeptEvaluation) | undefined {
  const entry = outbox.get(key);
  return entry === undefined || isChange(entry) ? undefined : entry;
}

function waitingEvaluation({ key, session, acceptedAt, client, code }: OutboxEntry & KeptEvaluation): Evaluation {
  return { key, session, revision: 0, time: acceptedAt, client, code, redacted: false, ...NO_OUTCOME };
}

/** How the process ends after an evaluation. */
export function exitOf(evaluation: Pick<EvaluationResult, 'outcome' | 'error'>): ExitName {
  switch (evaluation.outcome) {
    case 'value':
      return 'ok';
    case 'error':
      return evaluation.error?.class === 'EngineUnavailable' ? 'engineUnavailable' : 'raised';
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
