/** Repairs a journal that no backend has: damage may keep one from starting, and then nobody can ask it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Journal } from '../journal/journal.js';
import { salvageJournal } from '../journal/salvage.js';
import { openSqliteJournal } from '../journal/sqlite.js';
import type { SalvagedSession, SalvageReport } from '../protocol/salvage-report.js';

/** A mistyped directory must not pass for a journal without damage. */
class NoJournal extends Error {
  override readonly name = 'NoJournal';
}

/**
 * @throws {JournalLocked} while a backend has it
 * @throws {ForeignFile} when nothing of a journal is in its place
 * @throws {NoJournal} when nothing is
 */
export async function repairOffline(directory: string, dryRun: boolean): Promise<SalvageReport> {
  const { damage, sessions, keptIn } = await salvageJournal({ directory, dryRun, now: new Date() });
  if (!existsSync(join(directory, 'journal.sqlite'))) throw new NoJournal(`There is no journal in ${directory}`);
  if (damage !== null || sessions.length === 0) {
    return {
      damage,
      keptIn,
      sessions: sessions.map((session) => ({ ...session, ...NOTHING_CUT, name: session.name || null })),
    };
  }
  // It can be opened: then what is damaged are single sessions.
  const journal = openSqliteJournal({ directory });
  try {
    const repaired: SalvagedSession[] = [];
    for (const { id, name } of sessions) repaired.push(await repairSession(journal, id, name || null, dryRun));
    return { damage, keptIn, sessions: repaired };
  } finally {
    await journal.close();
  }
}

const NOTHING_CUT = { cut: null, badSnapshots: [], keptIn: null };

async function repairSession(
  journal: Journal,
  id: string,
  name: string | null,
  dryRun: boolean,
): Promise<SalvagedSession> {
  const { damage, lastGood, cut, badSnapshots, keptIn } = await journal.repair(id, { dryRun });
  return { id, name, damage, lastGood, cut, badSnapshots: badSnapshots.map(({ seq }) => seq), keptIn };
}
