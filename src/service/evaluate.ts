/** An evaluation from the client's side: sent under a key, and asked for again under the same key when the answer got lost. */
import { randomUUID } from 'node:crypto';
import { CliError } from '../cli/errors.js';
import type { ExitName } from '../cli/exit-codes.js';
import { onStop } from '../cli/signals.js';
import { Unreachable } from '../client/errors.js';
import type { EvaluationResult } from '../protocol/documents.js';
import { MAX_TIMEOUT_MS } from '../protocol/limits.js';
import type { Workplace } from './workplace.js';

export interface EvaluationOrder {
  readonly code: string;
  readonly session: string;
  readonly key?: string | undefined;
  readonly timeoutMs: number;
}

/** Times the same key is sent before the person is told to ask for it later. */
const ATTEMPTS = 3;

/**
 * Evaluates once, whatever happens to the backend meanwhile.
 * @throws {CliError} what the backend answers, or `unreachable` with the key to ask for
 */
export async function evaluate(workplace: Workplace, order: EvaluationOrder): Promise<EvaluationResult> {
  const key = order.key ?? randomUUID();
  const forget = onStop(() => {
    process.stderr.write(`stui: the evaluation goes on; ask what became of it with "stui result ${key}"\n`);
  });
  try {
    return await askUntilAnswered(workplace, order, key);
  } finally {
    forget();
  }
}

async function askUntilAnswered(workplace: Workplace, order: EvaluationOrder, key: string): Promise<EvaluationResult> {
  let mayHaveArrived = false;
  for (let attempt = 1; ; attempt++) {
    try {
      const { evaluation } = await workplace.ask(
        'evaluate',
        {
          code: order.code,
          session_id: order.session,
          client_id: workplace.clientId,
          key,
          timeout_ms: order.timeoutMs,
        },
        // Evaluations queue behind one another and each has its own limit; a dead backend is noticed by its silence.
        MAX_TIMEOUT_MS,
      );
      return evaluation;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      mayHaveArrived ||= error.mayHaveArrived;
      if (attempt === ATTEMPTS || !mayHaveArrived) throw mayHaveArrived ? unanswered(error, key) : error;
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
      return evaluation.error?.class === 'EngineUnavailable' ? 'engineUnavailable' : 'raised';
    case 'interrupted':
      return 'timedOut';
    case 'unknown':
      return 'unknown';
    case 'queued':
      return 'queued';
  }
}

function unanswered(error: Error, key: string): CliError {
  return new CliError('unreachable', `${error.message}. The evaluation may have been accepted`, {
    exit: 'unreachable',
    hint: `Its key is ${key}: ask with "stui result ${key}", or send it again with --key ${key}; it runs once.`,
    cause: error,
  });
}
