/** Brings the backend what earlier commands accepted and could not deliver, in order, before anything new. */
import { CliError } from '../cli/errors.js';
import { visibleLine } from '../cli/terminal-text.js';
import { type EvaluationOrder, isChange, type OutboxEntry } from '../local/outbox.js';
import type { InterimReply } from '../protocol/envelope.js';
import { type ErrorType, ProtocolError } from '../protocol/errors.js';
import { MAX_TIMEOUT_MS } from '../protocol/limits.js';
import { KeptOrder } from './kept-order.js';
import { isAway } from './persistence.js';
import type { Workplace } from './workplace.js';
import { deliverChange } from './workspace/late-change.js';

export interface DeliveredEntry {
  readonly key: string;
  readonly session: string;
  /**
   * `accepted`: durable at the backend now. `known`: it was there already; an earlier delivery had arrived. `conflict`: a
   * change of the context met what others had changed; the session keeps what it had there until somebody decides.
   * `refused`: the backend will never take it as it is; it stays in the outbox until it is dropped. `waiting`: the backend
   * does not take it now, or one before it in its session waits; it stays, and so do those behind it.
   */
  readonly outcome: 'accepted' | 'known' | 'conflict' | 'refused' | 'waiting';
  /** Why it was refused or waits, or which places of the context are in conflict. */
  readonly reason: string | null;
}

/** Another command may be delivering; what it delivers need not be waited for longer than this, in ms. */
const DELIVERY_WAIT_MS = 10_000;

/** Answers after which a backend will not take an entry later either: those behind it need not wait for it. */
const FINAL: ReadonlySet<ErrorType> = new Set<ErrorType>([
  'AmbiguousSession',
  'InvalidParameters',
  'InvalidRequest',
  'KeyConflict',
  'MessageTooLarge',
  'RevisionConflict',
  'SessionNotFound',
  'UnknownCommand',
]);

/** Of a session, so that what was to come after it would overtake it. */
export class HeldBack extends CliError {
  constructor(ahead: readonly string[], because: string) {
    const [first = ''] = ahead;
    const what = ahead.length === 1 ? visibleLine(first) : `${visibleLine(first)} and ${ahead.length - 1} more`;
    super('outbox-held-back', `${what} comes first in this session and waits in the outbox: ${because}`, {
      exit: 'conflict',
      hint: `Try again, deliver it with "stui outbox flush", or drop it with "stui outbox drop ${visibleLine(first)}".`,
    });
  }
}

/**
 * Delivers what no living command is delivering.
 * @returns what became of each entry, in order; those after a failure to reach the backend are not in it
 * @throws Unreachable when the backend cannot be reached
 */
export async function deliverOrphans(workplace: Workplace): Promise<DeliveredEntry[]> {
  return (await deliverWaiting(workplace, DELIVERY_WAIT_MS)) ?? [];
}

/**
 * Delivers what no living command is delivering, so that something new can follow it in its session.
 * @param own the entry of what is to follow, where it has one
 * @throws {HeldBack} when something that was accepted before it for the session still waits
 * @throws Unreachable when the backend cannot be reached
 */
export async function deliverBefore(
  workplace: Workplace,
  session: string,
  own?: OutboxEntry,
): Promise<DeliveredEntry[]> {
  const ahead = () =>
    workplace.outbox
      .list(workplace.destination)
      .filter((entry) => entry.session === session && (own === undefined || entry.order < own.order))
      .map(({ key }) => key);
  // What is for other sessions, and somebody delivers just now, need not be waited for.
  const delivered = await deliverWaiting(workplace, ahead().length > 0 ? DELIVERY_WAIT_MS : 0);
  if (delivered === undefined) {
    const left = ahead();
    if (left.length > 0) throw new HeldBack(left, 'another process is delivering, and does not get on');
    return [];
  }
  const waiting = delivered.filter((entry) => entry.session === session && entry.outcome === 'waiting');
  const [first] = waiting;
  if (first)
    throw new HeldBack(
      waiting.map(({ key }) => key),
      first.reason ?? '',
    );
  return delivered;
}

/** @returns undefined if another process delivered for longer than `waitMs` */
async function deliverWaiting(workplace: Workplace, waitMs: number): Promise<DeliveredEntry[] | undefined> {
  const { outbox, destination } = workplace;
  if (outbox.orphans(destination).length === 0 && !outbox.isBeingDelivered(destination)) return [];
  const delivery = await outbox.withDelivery(destination, () => deliverInOrder(workplace), { waitMs });
  return delivery.ran ? delivery.value : undefined;
}

async function deliverInOrder(workplace: Workplace): Promise<DeliveredEntry[]> {
  const delivered: DeliveredEntry[] = [];
  /** Sessions, with the key that waits first in each. */
  const held = new Map<string, string>();
  for (const entry of workplace.outbox.orphans(workplace.destination)) {
    const { key, session } = entry;
    const first = held.get(session);
    if (first !== undefined) {
      delivered.push({ key, session, outcome: 'waiting', reason: `${first} comes first, and waits` });
      continue;
    }
    // Another command may have dropped it while those before it were delivered.
    const claimed = KeptOrder.claim(workplace, entry);
    if (claimed === undefined) continue;
    const done = await deliver(workplace, claimed);
    if (done.outcome === 'waiting') held.set(session, key);
    delivered.push({ key, session, ...done });
  }
  return delivered;
}

type Outcome = Pick<DeliveredEntry, 'outcome' | 'reason'>;

/** An entry is done with as soon as the backend has it: from then on its outcome is found by its key. */
async function deliver(workplace: Workplace, kept: KeptOrder): Promise<Outcome> {
  const { entry } = kept;
  try {
    const done = isChange(entry) ? await deliverChange(workplace, entry) : await deliverEvaluation(workplace, entry);
    kept.done();
    return done;
  } catch (error) {
    kept.leave();
    if (!(error instanceof ProtocolError) || isAway(error) || error.type === 'StorageFull') throw error;
    return { outcome: FINAL.has(error.type) ? 'refused' : 'waiting', reason: error.message };
  }
}

async function deliverEvaluation(workplace: Workplace, order: EvaluationOrder): Promise<Outcome> {
  const known = await knownCode(workplace, order);
  if (known === undefined) {
    await untilAccepted(workplace, order);
    return { outcome: 'accepted', reason: null };
  }
  if (known === order.code) return { outcome: 'known', reason: null };
  throw new ProtocolError('KeyConflict', `The key ${order.key} belongs to an evaluation of other code`);
}

/** @returns the code that the backend accepted under the key; undefined if there is none */
async function knownCode(workplace: Workplace, { key, session }: EvaluationOrder): Promise<string | undefined> {
  try {
    return (await workplace.ask('get_result', { key, session_id: session })).evaluation.code;
  } catch (error) {
    if (error instanceof ProtocolError && error.type === 'EvaluationNotFound') return undefined;
    throw error;
  }
}

async function untilAccepted(workplace: Workplace, entry: EvaluationOrder): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const accepted = ({ status }: InterimReply) => {
      if (status === 'accepted') resolve();
    };
    workplace
      .ask(
        'evaluate',
        {
          code: entry.code,
          session_id: entry.session,
          client_id: entry.client,
          key: entry.key,
          timeout_ms: entry.timeoutMs,
          if_revision: entry.ifRevision,
          interim: true,
        },
        MAX_TIMEOUT_MS,
        accepted,
      )
      .then(() => resolve(), reject);
  });
}

/** @returns whether what could not be delivered is kept for later, rather than failed at once */
export function keepsForLater(policy: 'queue' | 'fail' | undefined, env: NodeJS.ProcessEnv): boolean {
  // A pipeline whose backend is gone has failed; a person's laptop that is offline has not.
  return policy === undefined ? !env['CI'] : policy === 'queue';
}
