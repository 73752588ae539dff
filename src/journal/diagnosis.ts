/** Examining a whole session: its chain, its snapshots, and whether its evaluations can be found by their keys. */
import type { Entry } from '../session/entry.js';
import type { Position } from './chain-walk.js';
import type { History } from './history.js';
import type { BadSnapshot } from './journal.js';
import { failureOf } from './sqlite-failure.js';
import type { Reader } from './sqlite-reader.js';
import type { SessionRecord } from './sqlite-tables.js';

export interface Diagnosis {
  /** The last position that verifies. */
  readonly position: Position;
  /** What is wrong with the entries after it, or with the index of keys. */
  readonly damage: string | undefined;
  readonly badSnapshots: readonly BadSnapshot[];
  /** Good entries that their keys do not lead to. */
  readonly misfiled: readonly Entry[];
  /** Bytes of the good entries and snapshots. */
  readonly bytes: number;
}

export function diagnose(record: SessionRecord, reader: Reader, history: History): Diagnosis {
  const badSnapshots: BadSnapshot[] = [];
  const misfiled: Entry[] = [];
  let bytes = 0;
  const walk = reader.walk(record, ({ entry, line }) => {
    bytes += Buffer.byteLength(line);
    if (!isFiled(record, entry, history)) misfiled.push(entry);
    if (entry.type !== 'snapshot') return;
    const { bytes: content, fault } = reader.snapshot(record, entry);
    bytes += content?.length ?? 0;
    if (fault !== undefined) badSnapshots.push({ seq: entry.seq, reason: fault });
  });
  const damage = walk.damage ?? damageOfKeys(record, misfiled, history);
  return { position: walk.position, damage, badSnapshots, misfiled, bytes };
}

function damageOfKeys(record: SessionRecord, [first]: readonly Entry[], history: History): string | undefined {
  if (first) return `the index of keys misses entry ${first.seq}`;
  return history.hidesKeys(record.no) ? 'the index of keys of old entries is damaged' : undefined;
}

function isFiled(record: SessionRecord, entry: Entry, history: History): boolean {
  try {
    return history.isFiled(record.no, entry);
  } catch (error) {
    if (failureOf(error)) return false;
    throw error;
  }
}
