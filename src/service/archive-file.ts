/** Sessions out of a backend into files, and back. */
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CliError, UsageError } from '../cli/errors.js';
import { visible } from '../cli/terminal-text.js';
import { writeNamedOutput } from '../files/named-output.js';
import { isNoRoom } from '../files/system-error.js';
import type { Result } from '../protocol/command.js';
import type { importSession } from '../protocol/commands.js';
import { CHUNK_BYTES, MAX_ARCHIVE_BYTES, MAX_TIMEOUT_MS } from '../protocol/limits.js';
import type { verifyArchive } from '../protocol/management-commands.js';
import { type Archive, encodeArchive, unhashedLine } from '../session/archive.js';
import { ArchiveTooLarge, DamagedArchive, NewerArchive } from '../session/archive-errors.js';
import { isPacked, readArchive } from '../session/archive-reader.js';
import { chainHash, GENESIS } from '../session/chain.js';
import type { Entry, StoredEntry } from '../session/entry.js';
import { evaluationsIn } from '../session/evaluation.js';
import { exportMarkdown, exportSmalltalk } from '../session/readable-export.js';
import { fold } from '../session/state.js';
import { readInput } from './input-file.js';
import type { Workplace } from './workplace.js';

export const EXPORT_FORMATS = ['archive', 'json', 'st', 'md'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface Export {
  readonly bytes: Buffer;
  readonly session: string;
  readonly name: string;
  /** Last revision in the export. */
  readonly revision: number;
  /** Entries left out because they follow an evaluation that has no outcome yet. */
  readonly leftOut: number;
}

/** Reads a whole session from the backend and puts it into a format. @throws CliError */
export async function exportSession(
  workplace: Workplace,
  reference: string,
  format: ExportFormat,
  generator: string,
): Promise<Export> {
  const all = await readJournal(workplace, reference);
  const entries = settled(all);
  const state = fold(entries.map(({ entry }) => entry));
  const evaluations = () =>
    evaluationsIn(
      state.id,
      entries.map(({ entry }) => entry),
    );
  const about = { session: state.id, name: state.name, revision: state.revision, leftOut: all.length - entries.length };
  switch (format) {
    case 'archive': {
      const blobs = new Map<number, Uint8Array>();
      for (const { seq } of state.snapshots) blobs.set(seq, await readSnapshot(workplace, state.id, seq));
      const text = encodeArchive(entries, blobs, { exportedAt: new Date().toISOString(), generator });
      return { ...about, bytes: await promisify(gzip)(text) };
    }
    case 'json': {
      const document = {
        schemaVersion: 1,
        session: state,
        entries: entries.map(({ entry, hash }) => ({ ...entry, hash })),
      };
      return { ...about, bytes: Buffer.from(`${JSON.stringify(document, null, 2)}\n`) };
    }
    case 'st':
      return { ...about, bytes: Buffer.from(exportSmalltalk(state, evaluations())) };
    case 'md':
      return { ...about, bytes: Buffer.from(exportMarkdown(state, evaluations())) };
  }
}

/** The name an archive gets when none is given: the session's, without what file systems mind. */
export function defaultFileName(name: string): string {
  return `${name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}.stui.jsonl.gz`;
}

/** Writes what was exported to where a person wants it. @throws CliError naming the file, UsageError */
export async function writeOutput(file: string, bytes: Buffer, format: ExportFormat): Promise<void> {
  const onTerminal = (): Uint8Array => {
    if (format === 'archive') throw new UsageError('An archive is not for a terminal', 'Give a file with -o.');
    return Buffer.from(visible(bytes.toString('utf8')));
  };
  try {
    await writeNamedOutput(file, bytes, { onTerminal });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const hint = isNoRoom(error)
      ? 'Free some space on that disk, or write elsewhere with -o.'
      : 'Choose another place with -o.';
    throw new CliError('file-not-written', `${file} was not written: ${(error as Error).message}`, {
      hint,
      cause: error,
    });
  }
}

/**
 * Reads an archive from a file, or from stdin for `-`, and verifies it. It may come unpacked.
 * @param content what is in the file, where it has been read already
 * @returns it packed, as backends take it
 * @throws CliError
 */
export async function readArchiveFile(file: string, content?: Buffer): Promise<{ bytes: Buffer; archive: Archive }> {
  const given = content ?? (await readInput(file));
  try {
    const archive = await readArchive(given);
    const bytes = isPacked(given) ? given : await promisify(gzip)(given);
    if (bytes.length <= MAX_ARCHIVE_BYTES) return { bytes, archive };
    throw new ArchiveTooLarge(`The archive has ${bytes.length} bytes; at most ${MAX_ARCHIVE_BYTES} are taken`);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): unknown {
  if (error instanceof ArchiveTooLarge) {
    const message = `${file} cannot be imported: ${error.message}`;
    return new CliError('archive-too-large', message, { exit: 'usage', cause: error });
  }
  if (!(error instanceof DamagedArchive || error instanceof NewerArchive)) return error;
  const verified =
    error instanceof DamagedArchive && error.lastGood !== undefined ? `; revisions up to ${error.lastGood} verify` : '';
  return new CliError('archive-damaged', `${file} cannot be imported: ${error.message}${verified}`, {
    exit: 'damaged',
    hint:
      error instanceof NewerArchive ? 'Update stui.' : 'Export the session again, or take another copy of the file.',
    cause: error,
  });
}

/**
 * Uploads a verified archive and has it filed.
 * @param fork where the session is there with another history, it becomes one of its own beside it
 */
export function importArchive(
  workplace: Workplace,
  bytes: Buffer,
  fork: boolean,
): Promise<Result<typeof importSession>> {
  return upload(bytes, (piece) => workplace.ask('import_session', { ...piece, fork }));
}

/** Uploads a verified archive and has its inputs run again, in an engine of their own. */
export function replayArchive(workplace: Workplace, bytes: Buffer): Promise<Result<typeof verifyArchive>> {
  // Only after the last piece is there anything to run.
  return upload(bytes, (piece) => workplace.ask('verify_archive', { ...piece, replay: true }, MAX_TIMEOUT_MS));
}

interface Piece {
  readonly upload: string;
  readonly offset: number;
  readonly data: string;
  readonly last: boolean;
}

/** @returns the answer to the last piece */
async function upload<T>(bytes: Buffer, send: (piece: Piece) => Promise<T>): Promise<T> {
  const id = randomUUID();
  for (let offset = 0; ; offset += CHUNK_BYTES) {
    const data = bytes.subarray(offset, offset + CHUNK_BYTES).toString('base64');
    const last = offset + CHUNK_BYTES >= bytes.length;
    const answer = await send({ upload: id, offset, data, last });
    if (last) return answer;
  }
}

/** Reads and verifies all entries. */
async function readJournal(workplace: Workplace, reference: string): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = [];
  let previous = GENESIS;
  for (;;) {
    const page = await workplace.ask('read_journal', { session_id: reference, after: entries.length, limit: 5000 });
    for (const text of page.lines) {
      const { line, hash } = unhashedLine(text);
      if (chainHash(previous, line) !== hash) {
        throw new CliError('journal-damaged', `The entry of revision ${entries.length + 1} is not what was written`, {
          exit: 'damaged',
        });
      }
      entries.push({ entry: JSON.parse(line) as Entry, line, hash });
      previous = hash;
    }
    if (page.lines.length === 0 || entries.length >= page.revision) return entries;
  }
}

/** What another machine would take for interrupted is left out: entries from the first input without an outcome on. */
function settled(entries: readonly StoredEntry[]): StoredEntry[] {
  const answered = new Set(entries.flatMap(({ entry }) => (entry.type === 'output' ? [entry.key] : [])));
  const open = entries.findIndex(({ entry }) => entry.type === 'input' && !answered.has(entry.key));
  return open < 0 ? [...entries] : entries.slice(0, open);
}

async function readSnapshot(workplace: Workplace, session: string, revision: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let offset = 0; ; ) {
    const { data, bytes } = await workplace.ask('read_snapshot', { session_id: session, revision, offset });
    const piece = Buffer.from(data, 'base64');
    pieces.push(piece);
    offset += piece.length;
    if (offset >= bytes || piece.length === 0) return Buffer.concat(pieces);
  }
}
