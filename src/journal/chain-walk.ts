/** Reading the chain: a row is believed only as the successor of the row before it. */
import { chainHash, GENESIS } from '../session/chain.js';
import type { Entry, StoredEntry } from '../session/entry.js';

/** A point in a session's history. */
export interface Position {
  readonly revision: number;
  /** Chain hash at `revision`. */
  readonly head: string;
}

/** Before a session's first entry. */
export const BEGINNING: Position = { revision: 0, head: GENESIS };

/** An entry as it came from storage, not yet believed. */
export interface Row {
  readonly seq: number;
  readonly line: string;
  readonly hash: string;
}

/** A row that does not follow from the one before it. The caller knows the session and says so to its own caller. */
export class BrokenLink extends Error {
  override readonly name = 'BrokenLink';
}

/** @returns the entry in `row`. @throws {BrokenLink} when it is not the one written after `before`. */
export function follow(before: Position, row: Row): StoredEntry {
  const seq = before.revision + 1;
  if (row.seq !== seq) throw new BrokenLink(`entry ${seq} is missing`);
  if (chainHash(before.head, row.line) !== row.hash) {
    throw new BrokenLink(`entry ${seq} does not match its hash`);
  }
  const entry = parse(row.line);
  if (entry?.seq !== seq) throw new BrokenLink(`entry ${seq} is not what its place says`);
  return { entry, line: row.line, hash: row.hash };
}

function parse(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}

/** @returns the position after `stored`. */
export function after(stored: StoredEntry): Position {
  return { revision: stored.entry.seq, head: stored.hash };
}
