/** Sessions whose row was lost or cannot be believed: their first entry knows what they are, their last one where they end. */
import { BEGINNING, BrokenLink, follow } from './chain-walk.js';
import type { History } from './history.js';
import { failureOf } from './sqlite-failure.js';
import type { SessionRecord, Tables } from './sqlite-tables.js';

/** @returns the session as its entries have it; nothing when they do not say which one it is. */
export function identify(tables: Tables, history: History, no: number): SessionRecord | undefined {
  try {
    const [row] = history.rows(no, 1, 1);
    const entry = row && follow(BEGINNING, row).entry;
    return entry?.type === 'created' ? { no, id: entry.id, ...tables.extent(no) } : undefined;
  } catch (error) {
    if (error instanceof BrokenLink || failureOf(error)) return undefined;
    throw error;
  }
}
