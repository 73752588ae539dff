/** Putting a session together again from what was found of it: the longest run of entries from the first that verifies. */
import type { Entry, SnapshotEntry, StoredEntry } from '../session/entry.js';
import { after, BEGINNING, BrokenLink, follow, type Position, type Row } from './chain-walk.js';
import type { RawBlob, RawSession } from './raw-rows.js';
import { unpackBundle, unpackLines } from './segment.js';
import { unpack } from './snapshot-bytes.js';

export interface Reassembled {
  readonly id: string;
  readonly name: string;
  readonly entries: readonly StoredEntry[];
  readonly blobs: ReadonlyMap<number, Uint8Array>;
  /** What is missing. */
  readonly damage: string | null;
}

/** @returns the session; nothing when its first entry was not found. */
export function reassemble(found: RawSession): Reassembled | undefined {
  const entries: StoredEntry[] = [];
  const segments = found.segments.map((segment) => ({ ...segment, rows: rowsOf(segment) }));
  let position = BEGINNING;
  for (;;) {
    const seq = position.revision + 1;
    const rows = (found.entries.get(seq) ?? []).map(({ line, hash }) => ({ seq, line, hash }));
    for (const segment of segments) {
      const row = segment.rows[seq - segment.header.first];
      if (row) rows.push(row);
    }
    const next = successor(position, rows);
    if (!next) break;
    entries.push(next);
    position = after(next);
  }
  const [first] = entries;
  if (first?.entry.type !== 'created') return undefined;
  const { blobs, lost } = snapshotsOf(entries, found);
  const damage = damageOf(entries.length, found, lost);
  return { id: first.entry.id, name: nameOf(entries), entries, blobs, damage };
}

function successor(position: Position, rows: readonly Row[]): StoredEntry | undefined {
  for (const row of rows) {
    try {
      return follow(position, row);
    } catch (error) {
      if (!(error instanceof BrokenLink)) throw error;
    }
  }
  return undefined;
}

function rowsOf({ header, content }: RawSession['segments'][number]): Row[] {
  try {
    return unpackLines(header, content);
  } catch (error) {
    if (error instanceof BrokenLink) return [];
    throw error;
  }
}

function snapshotsOf(entries: readonly StoredEntry[], found: RawSession) {
  const blobs = new Map<number, Uint8Array>();
  const bundled = new Map<number, RawBlob[]>();
  for (const segment of found.segments) {
    for (const [seq, content] of unpackBundle(segment.header, segment.bundle)) {
      bundled.set(seq, [...(bundled.get(seq) ?? []), { form: 'raw', content }]);
    }
  }
  let lost = 0;
  for (const { entry } of entries) {
    if (entry.type !== 'snapshot') continue;
    const copies = [...(found.blobs.get(entry.seq) ?? []), ...(bundled.get(entry.seq) ?? [])];
    const bytes = copies.map((copy) => believable(copy, entry)).find((copy) => copy !== undefined);
    if (bytes) blobs.set(entry.seq, bytes);
    else if (!copies.some(({ form }) => form === 'absent')) lost += 1;
  }
  return { blobs, lost };
}

function believable({ form, content }: RawBlob, { digest, bytes: size }: SnapshotEntry): Uint8Array | undefined {
  try {
    return form && unpack({ form, content, digest, size });
  } catch (error) {
    if (error instanceof BrokenLink) return undefined;
    throw error;
  }
}

function damageOf(length: number, found: RawSession, lost: number): string | null {
  const wanted = found.revision ?? lastOf(found);
  const what: string[] = [];
  if (wanted > length) what.push(`entries ${length + 1} to ${wanted} are not what was written, or missing`);
  if (lost > 0) what.push(`${lost} of its snapshots ${lost === 1 ? 'has' : 'have'} lost the bytes`);
  return what.length > 0 ? what.join('; ') : null;
}

/** @returns the highest revision that anything was found of. */
function lastOf({ entries, segments }: RawSession): number {
  let last = 0;
  for (const seq of entries.keys()) last = Math.max(last, seq);
  for (const { header } of segments) last = Math.max(last, header.last);
  return last;
}

function nameOf(entries: readonly { readonly entry: Entry }[]): string {
  let name = '';
  for (const { entry } of entries) if (entry.type === 'created' || entry.type === 'renamed') name = entry.name;
  return name;
}
