/** Damaged sessions brought back to their last good revision: by the backend, or without one where the damage keeps it down. */
import { CliError } from '../cli/errors.js';
import { salvageStopped } from '../local/backend-process.js';
import { BackendNotStarted } from '../local/errors.js';
import type { RepairReport } from '../protocol/documents.js';
import { findBackend } from './local-backend.js';
import { privateDataDirectory } from './private-backend.js';
import type { Workplace } from './workplace.js';

export interface RepairedSession {
  readonly session: string;
  /** Null where it could not be read. */
  readonly name: string | null;
  /** Null when nothing was wrong. */
  readonly damage: string | null;
  /** Last revision that verifies. */
  readonly lastGood: number;
  /** Entries taken out because they follow the damage; null where nobody knows how many there were. */
  readonly cut: number | null;
  /** Revisions of snapshots that cannot be loaded any more. */
  readonly badSnapshots: readonly number[];
  /** File that holds what was taken out. */
  readonly keptIn: string | null;
}

export interface Repair {
  /** Nothing was changed. */
  readonly dryRun: boolean;
  /** Where the journal of a backend that does not run is; null when the backend did it. */
  readonly dataDirectory: string | null;
  /** What was wrong with that journal as a whole. */
  readonly damage: string | null;
  /** Where that journal as it was found is kept. */
  readonly keptIn: string | null;
  readonly sessions: readonly RepairedSession[];
}

export interface RepairOrder {
  /** Only this session; every damaged one when not given. */
  readonly session: string | undefined;
  readonly dryRun: boolean;
}

/** Asks the backend; where damage keeps the private one from starting, its journal is repaired without it. */
export async function repairSessions(workplace: Workplace, order: RepairOrder): Promise<Repair> {
  try {
    const { sessions } = await workplace.ask('repair_sessions', {
      session_id: order.session,
      dry_run: order.dryRun,
    });
    return {
      dryRun: order.dryRun,
      dataDirectory: null,
      damage: null,
      keptIn: null,
      sessions: sessions.map(asRepaired),
    };
  } catch (error) {
    if (!(error instanceof BackendNotStarted) || !error.isDamage) throw error;
    return repairStopped(privateDataDirectory(workplace.paths), order.dryRun);
  }
}

/** Repairs all of a journal. @throws {CliError} while a backend has it, or when there is none */
export async function repairStopped(dataDirectory: string, dryRun: boolean): Promise<Repair> {
  const found = await findBackend(dataDirectory);
  // Of one that is unsure the lock of the journal knows.
  if (found && found.standing !== 'unsure') {
    throw new CliError('backend-running', `A backend runs on ${dataDirectory} (pid ${found.record.pid})`, {
      hint: `Repair through it, without --data-dir, or stop it first: stui backend stop --data-dir ${dataDirectory}`,
    });
  }
  const { damage, keptIn, sessions } = await salvageStopped(dataDirectory, dryRun);
  const repaired = sessions.map(({ id, ...found }) => ({ session: id, ...found }));
  return { dryRun, dataDirectory, damage, keptIn, sessions: repaired };
}

/** @returns whether anything is, or was, wrong */
export function foundDamage({ damage, sessions }: Repair): boolean {
  return damage !== null || sessions.some((session) => session.damage !== null || session.badSnapshots.length > 0);
}

function asRepaired({ session, name, damage, lastGood, cut, badSnapshots, keptIn }: RepairReport): RepairedSession {
  return { session, name, damage, lastGood, cut, badSnapshots, keptIn };
}
