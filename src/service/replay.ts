/** Runs inputs of a session's history once more, in the same session or another one, each once for its key. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { CliError } from '../cli/errors.js';
import type { ExitName } from '../cli/exit-codes.js';
import { onStop } from '../cli/signals.js';
import { cut, visibleLine } from '../cli/terminal-text.js';
import type { EvaluationResult } from '../protocol/documents.js';
import { ProtocolError } from '../protocol/errors.js';
import type { Evaluation } from '../session/evaluation.js';
import {
  madeUpPrefix,
  type ReplayableInput,
  type ReplaySelection,
  replayKey,
  type SkippedInput,
  selectForReplay,
} from '../session/replay-selection.js';
import type { RevisionRange } from '../session/revision-range.js';
import { isSameResult } from '../session/same-result.js';
import type { DeliveredEntry } from './delivery.js';
import { type Answered, evaluate, exitOf } from './evaluate.js';
import { readInputs } from './journal-inputs.js';
import type { Workplace } from './workplace.js';

export interface ReplayRequest {
  /** Reference of the session whose history it is. */
  readonly session: string;
  /** Reference of the session to run in; the same one when not given. */
  readonly into: string | undefined;
  readonly range: RevisionRange;
  /** Begins every key; made up when not given. */
  readonly keyPrefix: string | undefined;
}

export interface ReplayPlan extends ReplaySelection {
  /** Ids. */
  readonly session: string;
  readonly into: string;
  readonly keyPrefix: string;
}

export interface ReplayOptions {
  readonly stopOnError: boolean;
  /** In place of the limits that the inputs had. */
  readonly timeoutMs: number | undefined;
  /** Told of each input before it runs. */
  readonly progress: (line: string) => void;
}

export interface ReplayedInput {
  readonly revision: number;
  readonly code: string;
  readonly recorded: Pick<Evaluation, 'outcome' | 'printString' | 'error'>;
  /** Null when it was not run. */
  readonly evaluation: EvaluationResult | null;
  /** Null where the history does not tell what it gave. */
  readonly same: boolean | null;
}

export interface ReplayReport {
  /** Ids. */
  readonly session: string;
  readonly into: string;
  readonly keyPrefix: string;
  /** Nothing was run. */
  readonly dryRun: boolean;
  readonly evaluations: readonly ReplayedInput[];
  /** Inputs that ran now; the others had run under their keys before. */
  readonly ran: number;
  /** Inputs without a value. */
  readonly failed: number;
  readonly skipped: readonly SkippedInput[];
  /** Revision of the input after which the others were left, because it failed. */
  readonly stoppedAt: number | null;
  /** What earlier commands had left in the outbox, and became of it. */
  readonly delivered: readonly DeliveredEntry[];
}

/** @throws {ProtocolError} SessionNotFound, AmbiguousSession, DamagedData */
export async function planReplay(workplace: Workplace, request: ReplayRequest): Promise<ReplayPlan> {
  const { session, entries } = await readInputs(workplace, request.session);
  const into = request.into === undefined ? session : await idOf(workplace, request.into);
  const keyPrefix = request.keyPrefix ?? madeUpPrefix(session, randomBytes(4).toString('hex'));
  const own = into === session ? keyPrefix : undefined;
  return { session, into, keyPrefix, ...selectForReplay(entries, { session, range: request.range, keyPrefix: own }) };
}

/** What a replay would run. */
export function plannedReplay(plan: ReplayPlan): ReplayReport {
  const evaluations = plan.inputs.map((input) => replayed(input, null));
  return reportOf(plan, { dryRun: true, evaluations, stoppedAt: null, delivered: [] });
}

/** @throws {ProtocolError}, {CliError} `unreachable`, with the key under which it goes on */
export async function runReplay(workplace: Workplace, plan: ReplayPlan, options: ReplayOptions): Promise<ReplayReport> {
  const evaluations: ReplayedInput[] = [];
  const delivered: DeliveredEntry[] = [];
  let stoppedAt: number | null = null;
  const forget = onStop(() => {
    process.stderr.write(`stui: ${visibleLine(howToGoOn(plan))}\n`);
  });
  try {
    for (const input of plan.inputs) {
      options.progress(`${evaluations.length + 1} of ${plan.inputs.length}: ${lineOf(input.recorded.code)}`);
      const answered = await runOnce(workplace, plan, input, options.timeoutMs);
      delivered.push(...answered.delivered);
      evaluations.push(replayed(input, answered.evaluation));
      if (!options.stopOnError || answered.evaluation.outcome === 'value') continue;
      stoppedAt = input.recorded.revision;
      break;
    }
  } catch (error) {
    if (!isAway(error)) throw error;
    const done = `${evaluations.length} of ${plan.inputs.length} inputs have been run`;
    throw new CliError('unreachable', `${(error as Error).message}; ${done}`, { hint: howToGoOn(plan), cause: error });
  } finally {
    forget();
  }
  return reportOf(plan, { dryRun: false, evaluations, stoppedAt, delivered });
}

/**
 * How the process ends after a replay: as after its last evaluation where that has no value and did not raise, else as
 * after the first one that raised, else as after the first one without a value.
 */
export function exitOfReplay({ evaluations }: ReplayReport): ExitName {
  const ends = evaluations.flatMap(({ evaluation }) => (evaluation ? [exitOf(evaluation)] : []));
  const last = ends.at(-1) ?? 'ok';
  if (last !== 'ok' && last !== 'raised') return last;
  return ends.find((end) => end === 'raised') ?? ends.find((end) => end !== 'ok') ?? 'ok';
}

/** The backend is gone, or about to be: whether it had the input makes no difference, because of its key. */
function isAway(error: unknown): boolean {
  const { code, type } = error as { code?: unknown; type?: unknown };
  return code === 'unreachable' || type === 'ShuttingDown';
}

function howToGoOn({ keyPrefix }: ReplayPlan): string {
  return `Run it again with --key ${keyPrefix}: it goes on where it stopped, and nothing runs twice.`;
}

/** A backend takes only so many evaluations of a client a second, and says when it takes the next one. */
async function runOnce(
  workplace: Workplace,
  { into, keyPrefix }: ReplayPlan,
  { recorded, timeoutMs }: ReplayableInput,
  limitMs: number | undefined,
): Promise<Answered> {
  const order = {
    code: recorded.code,
    session: into,
    key: replayKey(keyPrefix, recorded.revision),
    timeoutMs: limitMs ?? timeoutMs ?? DEFAULT_TIMEOUT_MS,
    keepForLater: false,
    replayed: true,
  };
  for (;;) {
    try {
      return await evaluate(workplace, order);
    } catch (error) {
      const retryAfterMs =
        error instanceof ProtocolError && error.type === 'RateLimited' && error.details?.['retryAfterMs'];
      if (typeof retryAfterMs !== 'number') throw error;
      await pause(retryAfterMs);
    }
  }
}

/** Limit of an input that never had one, in ms. */
const DEFAULT_TIMEOUT_MS = 30_000;

function replayed({ recorded }: ReplayableInput, evaluation: EvaluationResult | null): ReplayedInput {
  const { revision, code, outcome, printString, error } = recorded;
  const same = evaluation === null ? null : isSameResult(recorded, evaluation);
  return { revision, code, recorded: { outcome, printString, error }, evaluation, same };
}

function reportOf(
  { session, into, keyPrefix, skipped }: ReplayPlan,
  done: Pick<ReplayReport, 'dryRun' | 'evaluations' | 'stoppedAt' | 'delivered'>,
): ReplayReport {
  const answers = done.evaluations.flatMap(({ evaluation }) => evaluation ?? []);
  return {
    session,
    into,
    keyPrefix,
    skipped,
    ...done,
    ran: answers.filter(({ fromJournal }) => !fromJournal).length,
    failed: answers.filter(({ outcome }) => outcome !== 'value').length,
  };
}

/** Columns that a line of progress gives to a source. */
const LINE_WIDTH = 60;

function lineOf(code: string): string {
  return cut(visibleLine(code.trim()), LINE_WIDTH);
}

async function idOf(workplace: Workplace, reference: string): Promise<string> {
  return (await workplace.ask('get_session_info', { session_id: reference })).session.id;
}
