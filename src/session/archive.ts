/**
 * The session archive: a session's journal and snapshots in one text, which proves itself. Lines of JSON: a header, the
 * entries with their chain hashes, the snapshots a restore needs, a footer with the head hash and a digest of all above.
 */
import { createHash } from 'node:crypto';
import { chainHash, GENESIS } from './chain.js';
import type { Entry, StoredEntry } from './entry.js';
import { entryProblem } from './entry-schema.js';
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

/** The text is not an archive, or not the one that was written. */
export class DamagedArchive extends Error {
  override readonly name = 'DamagedArchive';
  constructor(
    message: string,
    /** Last revision that verifies, where the damage is among the entries. */
    readonly lastGood?: number,
  ) {
    super(message);
  }
}

/** The archive was written by a newer stui. */
export class NewerArchive extends Error {
  override readonly name = 'NewerArchive';
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

/**
 * Reads an archive and checks all of it: the digest, the chain, that the entries fold, every snapshot.
 * @throws {DamagedArchive} {@link NewerArchive}
 */
export function decodeArchive(text: string): Archive {
  const lines = text.split('\n');
  const header = readHeader(lines[0]);
  const footerLine = lines.at(-2) ?? '';
  const footer = parseObject(footerLine)?.footer as { entries: number; head: string; sha256: string } | undefined;
  if (!footer) throw new DamagedArchive('The archive is cut short: it has no footer');

  const { entries, rest } = readEntries(lines.slice(1, -2));
  if (entries.length !== footer.entries || entries.at(-1)?.hash !== footer.head) {
    throw new DamagedArchive('The entries are not the ones the footer speaks of', entries.at(-1)?.entry.seq ?? 0);
  }
  const body = text.slice(0, text.length - footerLine.length - 1);
  if (sha256(body) !== footer.sha256) throw new DamagedArchive("The archive's digest does not match its content");

  const state = foldChecked(entries);
  if (state.id !== header.id || state.name !== header.name || state.revision !== header.revision) {
    throw new DamagedArchive('The header speaks of another session than the entries');
  }
  return { header, entries, blobs: readSnapshots(rest, state), state };
}

function readHeader(line: string | undefined): ArchiveHeader {
  const header = parseObject(line ?? '') as unknown as ArchiveHeader | undefined;
  if (header?.format !== ARCHIVE_FORMAT || typeof header.version !== 'number')
    throw new DamagedArchive('This is not a stui archive');
  if (header.version > ARCHIVE_VERSION) {
    throw new NewerArchive(
      `The archive has format version ${header.version}; this stui reads up to ${ARCHIVE_VERSION}`,
    );
  }
  return header;
}

function readEntries(lines: readonly string[]): { entries: StoredEntry[]; rest: readonly string[] } {
  const entries: StoredEntry[] = [];
  const inputs = new Set<string>();
  let previous = GENESIS;
  for (const [index, text] of lines.entries()) {
    const { line, hash: claimed } = unhashedLine(text);
    if (claimed === '') return { entries, rest: lines.slice(index) };
    const hash = chainHash(previous, line);
    const entry = parseObject(line) as unknown as Entry | undefined;
    if (hash !== claimed || entry?.seq !== index + 1) {
      throw new DamagedArchive(`The entry of revision ${index + 1} is not what was written`, index);
    }
    const problem = entryProblem(entry) ?? repeatedKey(entry, inputs);
    if (problem)
      throw new DamagedArchive(`The entry of revision ${index + 1} is none that stui writes: ${problem}`, index);
    entries.push({ entry, line, hash });
    previous = hash;
  }
  return { entries, rest: [] };
}

function repeatedKey(entry: Entry, inputs: Set<string>): string | undefined {
  if (entry.type !== 'input') return undefined;
  if (inputs.has(entry.key)) return `a second input has the key ${entry.key}`;
  inputs.add(entry.key);
  return undefined;
}

function foldChecked(entries: readonly StoredEntry[]): SessionState {
  try {
    return fold(entries.map((stored) => stored.entry));
  } catch (error) {
    throw new DamagedArchive(`The entries do not make a session: ${(error as Error).message}`);
  }
}

/** The snapshots stand in the order of the state, each once, and nothing else does. */
function readSnapshots(lines: readonly string[], state: SessionState): Map<number, Uint8Array> {
  const blobs = new Map<number, Uint8Array>();
  for (const [index, { seq, digest, bytes: size }] of state.snapshots.entries()) {
    const record = parseObject(lines[index] ?? '');
    if (record?.snapshot !== seq || typeof record.data !== 'string') {
      throw new DamagedArchive(`The snapshot of revision ${seq} is missing`);
    }
    const bytes = Buffer.from(record.data, 'base64');
    if (bytes.length !== size || sha256(bytes) !== digest) {
      throw new DamagedArchive(`The snapshot of revision ${seq} is not what was written`);
    }
    blobs.set(seq, bytes);
  }
  if (lines.length > blobs.size)
    throw new DamagedArchive('A line is neither an entry nor a snapshot that a restore needs');
  return blobs;
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
