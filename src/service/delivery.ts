/** Brings the backend what earlier commands accepted and could not deliver, in order, before anything new. */
import { type EvaluationOrder, isChange, type OutboxEntry } from '../local/outbox.js';
import type { InterimReply } from '../protocol/envelope.js';
import { ProtocolError } from '../protocol/errors.js';
import { MAX_TIMEOUT_MS } from '../protocol/limits.js';
import type { Workplace } from './workplace.js';
import { deliverChange } from './workspace/late-change.js';

export interface DeliveredEntry {
  readonly key: string;
  readonly session: string;
  /**
   * `accepted`: durable at the backend now. `known`: it was there already; an earlier delivery had arrived. `conflict`: a
   * change of the context met what others had changed; the session keeps what it had there until somebody decides.
   * `refused`: the backend will not take it as it is; it stays in the outbox.
   */
  readonly outcome: 'accepted' | 'known' | 'conflict' | 'refused';
  /** Why it was refused, or which places of the context are in conflict. */
  readonly reason: string | null;
}

/** Another command may be delivering; what it delivers need not be waited for longer than this, in ms. */
const DELIVERY_WAIT_MS = 10_000;

/**
 * Delivers what no living command is delivering.
 * @returns what became of each entry, in order; those after a failure to reach the backend are not in it
 * @throws Unreachable when the backend cannot be reached
 */
export async function deliverOrphans(workplace: Workplace, only?: { key: string }): Promise<DeliveredEntry[]> {
  const { outbox, connection } = workplace;
  const waiting = () => outbox.orphans(connection).filter(({ key }) => only === undefined || key === only.key);
  if (waiting().length === 0) return [];
  const delivery = await outbox.withDelivery(
    connection,
    async () => {
      const delivered: DeliveredEntry[] = [];
      for (const entry of waiting()) delivered.push(await deliver(workplace, entry));
      return delivered;
    },
    { waitMs: DELIVERY_WAIT_MS },
  );
  return delivery.ran ? delivery.value : [];
}

/** An entry is done with as soon as the backend has it: from then on its outcome is found by its key. */
async function deliver(workplace: Workplace, entry: OutboxEntry): Promise<DeliveredEntry> {
  const { key, session } = entry;
  try {
    const done = isChange(entry) ? await deliverChange(workplace, entry) : await deliverEvaluation(workplace, entry);
    workplace.outbox.remove(key);
    return { key, session, ...done };
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.type === 'ShuttingDown' || error.type === 'StorageFull') throw error;
    return { key, session, outcome: 'refused', reason: error.message };
  }
}

async function deliverEvaluation(
  workplace: Workplace,
  order: EvaluationOrder,
): Promise<Pick<DeliveredEntry, 'outcome' | 'reason'>> {
  const known = await isKnown(workplace, order);
  if (!known) await untilAccepted(workplace, order);
  return { outcome: known ? 'known' : 'accepted', reason: null };
}

async function isKnown(workplace: Workplace, { key, session }: EvaluationOrder): Promise<boolean> {
  try {
    await workplace.ask('get_result', { key, session_id: session });
    return true;
  } catch (error) {
    if (error instanceof ProtocolError && error.type === 'EvaluationNotFound') return false;
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
