/** Sessions that nobody needs any more, removed from the backend and from what this machine remembers. */
import type { Result } from '../protocol/command.js';
import type { pruneSessions as descriptor } from '../protocol/management-commands.js';
import type { Workplace } from './workplace.js';

export type Pruning = Result<typeof descriptor>;

export interface PruningOrder {
  readonly orphaned: boolean;
  readonly expired: boolean;
  readonly olderThanMs: number | undefined;
  readonly dryRun: boolean;
}

export async function pruneSessions(workplace: Workplace, order: PruningOrder): Promise<Pruning> {
  const pruning = await workplace.ask('prune_sessions', {
    orphaned: order.orphaned,
    expired: order.expired,
    older_than_ms: order.olderThanMs,
    dry_run: order.dryRun,
  });
  if (pruning.removed) for (const { id } of pruning.sessions) await workplace.forget(id);
  return pruning;
}
