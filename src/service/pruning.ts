/** Sessions that nobody needs any more, removed from the backend and from what this machine remembers. */

import { UsageError } from '../cli/errors.js';
import { visibleLine } from '../cli/terminal-text.js';
import type { Result } from '../protocol/command.js';
import type { pruneSessions as descriptor } from '../protocol/management-commands.js';
import { durationText } from '../session/duration.js';
import { counted, formatBytes } from './session-text.js';
import type { Workplace } from './workplace.js';

export type Pruning = Result<typeof descriptor>;

export interface PruningOrder {
  readonly orphaned: boolean;
  readonly expired: boolean;
  readonly olderThanMs: number | undefined;
  readonly dryRun: boolean;
  /** Whoever asks knows that even sessions used within the last day go. */
  readonly confirmed: boolean;
}

/** What was used within a day is still somebody's work; a shorter span is a slip more often than not. */
const UNCONFIRMED_FLOOR_MS = 86_400_000;

/** Sessions that a refusal names. */
const MOST_NAMED = 3;

/** @throws UsageError that names what would go, for a span below a day that is not confirmed */
export async function pruneSessions(workplace: Workplace, order: PruningOrder): Promise<Pruning> {
  const isHasty = (order.olderThanMs ?? UNCONFIRMED_FLOOR_MS) < UNCONFIRMED_FLOOR_MS;
  if (isHasty && !order.confirmed && !order.dryRun) {
    const would = await ask(workplace, { ...order, dryRun: true });
    if (would.sessions.length > 0) throw unconfirmed(would, order.olderThanMs ?? 0);
    return would;
  }
  const pruning = await ask(workplace, order);
  if (pruning.removed) for (const { id } of pruning.sessions) await workplace.forget(id);
  return pruning;
}

function ask(workplace: Workplace, order: PruningOrder): Promise<Pruning> {
  return workplace.ask('prune_sessions', {
    orphaned: order.orphaned,
    expired: order.expired,
    older_than_ms: order.olderThanMs,
    dry_run: order.dryRun,
  });
}

function unconfirmed({ sessions, bytes }: Pruning, olderThanMs: number): UsageError {
  const names = sessions.slice(0, MOST_NAMED).map(({ name }) => visibleLine(name));
  const more = sessions.length - names.length;
  const which = `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return new UsageError(
    `This would remove ${counted(sessions.length, 'session')} (${formatBytes(bytes)}) for good: ${which}`,
    `${durationText(olderThanMs)} is less than a day: if that is meant, say --yes. --dry-run lists all of them.`,
  );
}
