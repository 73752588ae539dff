/** Examining a whole session: its chain, its snapshots, and whether its evaluations can be found by their keys. */
import type { Entry } from '../session/entry.js';
import type { Position } from './chain-walk.js';
import type { BadSnapshot } from './journal.js';
import { failureOf } from './sqlite-failure.js';
import type { Reader } from './sqlite-reader.js';
import type { SessionRecord, Tables } from './sqlite-tables.js';

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

export function diagnose(record: SessionRecord, reader: Reader, tables: Tables): Diagnosis {
  const badSnapshots: BadSnapshot[] = [];
  const misfiled: Entry[] = [];
  let bytes = 0;
  const walk = reader.walk(record, ({ entry, line }) => {
    bytes += Buffer.byteLength(line);
    if (!isFiled(record, entry, tables)) misfiled.push(entry);
    if (entry.type !== 'snapshot') return;
    const { bytes: content, fault } = reader.snapshot(record, entry);
    bytes += content?.length ?? 0;
    if (fault !== undefined) badSnapshots.push({ seq: entry.seq, reason: fault });
  });
  const [first] = misfiled;
  const damage = walk.damage ?? (first && `the index of keys misses entry ${first.seq}`);
  return { position: walk.position, damage, badSnapshots, misfiled, bytes };
}

function isFiled(record: SessionRecord, entry: Entry, tables: Tables): boolean {
  try {
    return tables.isFiled(record.no, entry);
  } catch (error) {
    if (failureOf(error)) return false;
    throw error;
  }
}
