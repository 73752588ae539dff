/** Whether a session, or an archive of one, is as it was written, and answers as it did. */
import { statSync } from 'node:fs';
import { CliError } from '../cli/errors.js';
import type { ExitName } from '../cli/exit-codes.js';
import type { VerificationReport } from '../protocol/documents.js';
import { MAX_TIMEOUT_MS } from '../protocol/limits.js';
import { DamagedArchive } from '../session/archive-errors.js';
import { surveyArchive } from '../session/archive-reader.js';
import { readArchiveFile, replayArchive } from './archive-file.js';
import { readInput } from './input-file.js';
import type { Workplace } from './workplace.js';

type Identity = 'session' | 'name' | 'revision';

/** What is not known of an archive that is damaged at its beginning is null. */
export type Verification = Omit<VerificationReport, Identity> & {
  readonly [Member in Identity]: VerificationReport[Member] | null;
} & {
  /** The archive; null for a session of the backend. */
  readonly file: string | null;
};

/** What stands for stdin, or is a file, is an archive. */
export function isArchive(reference: string): boolean {
  return reference === '-' || statSync(reference, { throwIfNoEntry: false })?.isDirectory() === false;
}

export async function verifySession(workplace: Workplace, session: string, replay: boolean): Promise<Verification> {
  const { report } = await workplace.ask('verify_session', { session_id: session, replay }, MAX_TIMEOUT_MS);
  return { ...report, file: null };
}

/**
 * Reads an archive here; only to run its inputs again does it take a backend.
 * @throws CliError when it is no archive that this stui can read; damage is an answer
 */
export async function verifyArchive(workplace: Workplace, file: string, replay: boolean): Promise<Verification> {
  const given = await readInput(file);
  try {
    const { bytes, archive } = await readArchiveFile(file, given);
    if (replay) {
      const { report } = await replayArchive(workplace, bytes);
      return { ...(report as VerificationReport), file };
    }
    const { id, name, revision } = archive.header;
    const good = { verified: true, lastGood: revision, damage: null, badSnapshots: [], replay: null };
    return { session: id, name, revision, ...good, file };
  } catch (error) {
    if (!(error instanceof CliError) || !(error.cause instanceof DamagedArchive)) throw error;
    const { message } = error.cause;
    return { ...(await surveyArchive(given)), verified: false, damage: message, badSnapshots: [], replay: null, file };
  }
}

/** Not what was written, whatever running it again gave. */
export function isDamaged({ damage, badSnapshots }: Verification): boolean {
  return damage !== null || badSnapshots.length > 0;
}

/** How the process ends after it. */
export function exitOfVerification(report: Verification): ExitName {
  if (isDamaged(report)) return 'damaged';
  return report.verified ? 'ok' : 'conflict';
}
