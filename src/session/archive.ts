/**
 * The session archive: a session's journal and snapshots in one text, which shows whether it is whole. It is no proof of
 * who wrote it: whoever changes it can compute the hashes anew. Lines of JSON: a header, the
 * entries with their chain hashes, the snapshots a restore needs, a footer with the head hash and a digest of all above.
 */
import { createHash } from 'node:crypto';
import { DamagedArchive } from './archive-errors.js';
import { GENESIS } from './chain.js';
import type { StoredEntry } from './entry.js';
import { fold, type SessionState } from './state.js';

export const ARCHIVE_FORMAT = 'stui-archive';
export const ARCHIVE_VERSION = 1;

export interface Archive {
  readonly header: ArchiveHeader;
  readonly entries: readonly StoredEntry[];
  /** Snapshot bytes by the revision of their entry. */
  readonly blobs: ReadonlyMap<number, Uint8Array>;
  readonly state: SessionState;
}

export interface ArchiveHeader {
  readonly format: typeof ARCHIVE_FORMAT;
  readonly version: number;
  readonly id: string;
  readonly name: string;
  readonly revision: number;
  readonly exportedAt: string;
  readonly generator: string;
}

/** An entry's line gets its chain hash as last member: `,"hash":"` + 64 hex digits + `"}` replaces the closing brace. */
const HASH_SUFFIX = /^,"hash":"([0-9a-f]{64})"\}$/;
const HASH_SUFFIX_LENGTH = ',"hash":"'.length + 64 + '"}'.length;

/** @returns the entry's line with its chain hash as the last member. */
export function hashedLine(stored: StoredEntry): string {
  return `${stored.line.slice(0, -1)},"hash":"${stored.hash}"}`;
}

/** @returns the line that was hashed and the hash; the hash is empty where there is none */
export function unhashedLine(text: string): { line: string; hash: string } {
  const suffix = HASH_SUFFIX.exec(text.slice(-HASH_SUFFIX_LENGTH));
  if (!suffix) return { line: text, hash: '' };
  return { line: `${text.slice(0, -HASH_SUFFIX_LENGTH)}}`, hash: suffix[1] as string };
}

/** @param blobs bytes of the snapshots that the session's state refers to */
export function encodeArchive(
  entries: readonly StoredEntry[],
  blobs: ReadonlyMap<number, Uint8Array>,
  about: { exportedAt: string; generator: string },
): string {
  const state = fold(entries.map((stored) => stored.entry));
  const header: ArchiveHeader = {
    format: ARCHIVE_FORMAT,
    version: ARCHIVE_VERSION,
    id: state.id,
    name: state.name,
    revision: state.revision,
    ...about,
  };
  const lines = [JSON.stringify(header)];
  for (const stored of entries) lines.push(hashedLine(stored));
  for (const { seq } of state.snapshots) {
    const bytes = blobs.get(seq);
    if (!bytes) throw new DamagedArchive(`The snapshot of revision ${seq} is missing`);
    lines.push(JSON.stringify({ snapshot: seq, data: Buffer.from(bytes).toString('base64') }));
  }
  const body = `${lines.join('\n')}\n`;
  const footer = { entries: entries.length, head: entries.at(-1)?.hash ?? GENESIS, sha256: sha256(body) };
  return `${body}${JSON.stringify({ footer })}\n`;
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
