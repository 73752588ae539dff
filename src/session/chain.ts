/**
 * The hash chain over a session's journal. Storage layers checksum little (SQLite lets most flipped payload bytes pass),
 * so every entry's exact bytes are bound to all before it: hash(n) = SHA-256(hash(n-1) + "\n" + line(n)).
 */
import { createHash } from 'node:crypto';

/** Hash before the first entry. */
export const GENESIS = '0'.repeat(64);

/** @returns the chain hash, 64 hex digits, of `line` following `previous`. */
export function chainHash(previous: string, line: string): string {
  return createHash('sha256').update(previous).update('\n').update(line).digest('hex');
}
