/**
 * Reads an archive as its bytes come, and checks each line when it is there: what is no archive, or is larger than one may
 * be, costs no more than the part that was read.
 */
import { createHash } from 'node:crypto';
import { ARCHIVE_FORMAT, ARCHIVE_VERSION, type Archive, type ArchiveHeader, unhashedLine } from './archive.js';
import { ArchiveTooLarge, DamagedArchive, NewerArchive } from './archive-errors.js';
import { ARCHIVE_LIMITS, type ArchiveLimits } from './archive-limits.js';
import { SnapshotLine } from './archive-snapshot-line.js';
import { chainHash, GENESIS } from './chain.js';
import type { Entry, StoredEntry } from './entry.js';
import { entryProblem } from './entry-schema.js';
import { isSessionId } from './session-id.js';
import { fold, type SessionState } from './state.js';

/** Longest header, in bytes: whatever is longer is no archive. */
const MAX_HEADER_BYTES = 64 * 1024;

const LINE_FEED = 0x0a;
const SNAPSHOT_START = Buffer.from('{"snapshot":');
const FOOTER_START = Buffer.from('{"footer":');

/** What can be told of an archive, whole or not. */
export interface Survey {
  /** What its first line says of the session; null where that cannot be read. */
  readonly session: string | null;
  readonly name: string | null;
  readonly revision: number | null;
  /** Last revision whose entry, like all before it, is as it was written. */
  readonly lastGood: number;
}

interface Footer {
  readonly entries?: unknown;
  readonly head?: unknown;
  readonly sha256?: unknown;
}

/**
 * Reads an archive that is there as a whole, in one go.
 * @throws {DamagedArchive} {@link NewerArchive} {@link ArchiveTooLarge}
 */
export function decodeArchive(text: string): Archive {
  const decoder = new ArchiveDecoder();
  decoder.write(Buffer.from(text));
  return decoder.end();
}

export class ArchiveDecoder {
  /** Of all lines above the footer. */
  readonly #digest = createHash('sha256');
  readonly #entries: StoredEntry[] = [];
  readonly #blobs = new Map<number, Uint8Array>();
  readonly #inputs = new Set<string>();
  #header: Partial<ArchiveHeader> | undefined;
  /** Said when something else is found wrong, too: what follows a damaged header can still be surveyed. */
  #headerProblem: DamagedArchive | undefined;
  #state: SessionState | undefined;
  #footer: Footer | undefined;
  #bytes = 0;
  #entryBytes = 0;
  /** The line that has begun. */
  #pieces: Buffer[] = [];
  #lineBytes = 0;
  #snapshot: SnapshotLine | undefined;

  constructor(private readonly limits: ArchiveLimits = ARCHIVE_LIMITS) {}

  /** Bytes of all lines but those of snapshots. */
  get entryBytes(): number {
    return this.#entryBytes;
  }

  /** @throws {DamagedArchive} {@link NewerArchive} {@link ArchiveTooLarge} */
  write(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.limits.bytes) {
      throw new ArchiveTooLarge(`The archive unpacks to more than ${this.limits.bytes} bytes`);
    }
    this.#toldOfHeader(() => this.#write(bytes));
  }

  /** To be called behind the last byte. @throws {DamagedArchive} */
  end(): Archive {
    return this.#toldOfHeader(() => this.#end());
  }

  survey(): Survey {
    const { id, name, revision } = this.#header ?? {};
    return {
      session: typeof id === 'string' ? id : null,
      name: typeof name === 'string' ? name : null,
      revision: typeof revision === 'number' ? revision : null,
      lastGood: this.#entries.length,
    };
  }

  #toldOfHeader<T>(task: () => T): T {
    try {
      return task();
    } catch (error) {
      throw (error instanceof DamagedArchive && this.#headerProblem) || error;
    }
  }

  #write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf(LINE_FEED, at);
      if (end < 0) {
        this.#extend(bytes.subarray(at));
        return;
      }
      this.#extend(bytes.subarray(at, end));
      this.#endLine();
      at = end + 1;
    }
  }

  #extend(piece: Buffer): void {
    if (this.#snapshot) {
      this.#snapshot.write(piece);
      this.#digest.update(piece);
      return;
    }
    const undecided = this.#lineBytes < SNAPSHOT_START.length;
    this.#pieces.push(piece);
    this.#lineBytes += piece.length;
    if (undecided && this.#lineBytes >= SNAPSHOT_START.length && this.#header) this.#beginSnapshot();
    if (!this.#header && this.#lineBytes > MAX_HEADER_BYTES) throw new DamagedArchive('This is not a stui archive');
    if (this.#lineBytes <= this.limits.lineBytes) return;
    throw new ArchiveTooLarge(
      `A line behind revision ${this.#entries.length} has more than ${this.limits.lineBytes} bytes`,
    );
  }

  /** Where the line that has begun is that of a snapshot. */
  #beginSnapshot(): void {
    const start = Buffer.concat(this.#pieces);
    if (!start.subarray(0, SNAPSHOT_START.length).equals(SNAPSHOT_START)) return;
    const expected = this.#state?.snapshots[this.#blobs.size];
    if (!expected || this.#footer) throw unexpected(this.#entries.length);
    this.#pieces = [];
    this.#lineBytes = 0;
    this.#snapshot = new SnapshotLine(expected);
    this.#extend(start);
  }

  #endLine(): void {
    if (this.#snapshot) {
      this.#blobs.set(this.#snapshot.seq, this.#snapshot.end());
      this.#snapshot = undefined;
      this.#digest.update('\n');
      return;
    }
    const line = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#lineBytes = 0;
    this.#entryBytes += line.length + 1;
    if (this.#footer) throw new DamagedArchive('Something follows the footer');
    if (line.subarray(0, FOOTER_START.length).equals(FOOTER_START) && this.#header) {
      this.#footer = (parseObject(line.toString('utf8'))?.footer ?? {}) as Footer;
      return;
    }
    this.#digest.update(line).update('\n');
    if (this.#header) this.#takeEntry(line.toString('utf8'));
    else this.#takeHeader(line.toString('utf8'));
  }

  #takeHeader(line: string): void {
    this.#header = (parseObject(line) ?? {}) as Partial<ArchiveHeader>;
    const { format, version, id } = this.#header;
    if (format !== ARCHIVE_FORMAT || typeof version !== 'number') {
      this.#headerProblem = new DamagedArchive('This is not a stui archive');
    } else if (Number.isInteger(version) && version > ARCHIVE_VERSION) {
      throw new NewerArchive(`The archive has format version ${version}; this stui reads up to ${ARCHIVE_VERSION}`);
    } else if (version !== ARCHIVE_VERSION) {
      this.#headerProblem = new DamagedArchive(`The archive says that it has format version ${version}: there is none`);
    } else if (!isSessionId(id)) {
      this.#headerProblem = new DamagedArchive('The header names no session: its id is none that stui gives');
    }
  }

  #takeEntry(text: string): void {
    const index = this.#entries.length;
    const { line, hash: claimed } = unhashedLine(text);
    if (claimed === '' || this.#blobs.size > 0) throw unexpected(index);
    if (index >= this.limits.entries) {
      throw new ArchiveTooLarge(`The archive has more than ${this.limits.entries} entries`);
    }
    const hash = chainHash(this.#entries.at(-1)?.hash ?? GENESIS, line);
    const entry = hash === claimed ? (parseObject(line) as unknown as Entry | undefined) : undefined;
    if (entry?.seq !== index + 1) {
      throw new DamagedArchive(`The entry of revision ${index + 1} is not what was written`, index);
    }
    const problem = entryProblem(entry) ?? this.#repeatedKey(entry);
    if (problem) {
      throw new DamagedArchive(`The entry of revision ${index + 1} is none that stui writes: ${problem}`, index);
    }
    try {
      this.#state = fold([entry], this.#state);
    } catch (error) {
      throw new DamagedArchive(`The entries do not make a session: ${(error as Error).message}`, index);
    }
    this.#entries.push({ entry, line, hash });
  }

  #repeatedKey(entry: Entry): string | undefined {
    if (entry.type !== 'input') return undefined;
    if (this.#inputs.has(entry.key)) return `a second input has the key ${entry.key}`;
    this.#inputs.add(entry.key);
    return undefined;
  }

  #end(): Archive {
    const last = this.#entries.at(-1);
    const footer = this.#footer;
    if (!this.#header) throw new DamagedArchive('This is not a stui archive');
    if (!footer || this.#lineBytes > 0) throw new DamagedArchive('The archive is cut short: it has no footer');
    if (this.#entries.length !== footer.entries || (last?.hash ?? GENESIS) !== footer.head) {
      throw new DamagedArchive('The entries are not the ones the footer speaks of', last?.entry.seq ?? 0);
    }
    if (this.#digest.digest('hex') !== footer.sha256) {
      throw new DamagedArchive("The archive's digest does not match its content");
    }
    const state = this.#state;
    const { id, name, revision } = this.#header;
    if (!state) throw new DamagedArchive('The entries do not make a session: there are none');
    if (state.id !== id || state.name !== name || state.revision !== revision) {
      throw new DamagedArchive('The header speaks of another session than the entries');
    }
    const missing = state.snapshots[this.#blobs.size];
    if (missing) throw new DamagedArchive(`The snapshot of revision ${missing.seq} is missing`);
    if (this.#headerProblem) throw this.#headerProblem;
    return { header: this.#header as ArchiveHeader, entries: this.#entries, blobs: this.#blobs, state };
  }
}

function unexpected(lastGood: number): DamagedArchive {
  return new DamagedArchive('A line is neither an entry nor a snapshot that a restore needs', lastGood);
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
