/** What a repair found and did, in words. */
import type { Style } from '../cli/style.js';
import { visibleLine } from '../cli/terminal-text.js';
import { foundDamage, type Repair, type RepairedSession } from './repair.js';
import { counted } from './session-text.js';

export function repairText(repair: Repair, style: Style): string {
  const { dryRun, damage, keptIn, sessions } = repair;
  if (!foundDamage(repair)) return style.good('Nothing is damaged.');
  const journal = damage === null ? [] : [style.bad(`The journal is damaged: ${visibleLine(damage)}`)];
  const damaged = sessions.filter((session) => session.damage !== null || session.badSnapshots.length > 0);
  const whole = sessions.filter((session) => !damaged.includes(session));
  return [
    ...journal,
    ...damaged.flatMap((session) => sessionLines(session, repair, style)),
    ...(damage === null ? countWhole(whole) : saved(whole, dryRun)),
    ...(sessions.length === 0 ? ['Nothing of any session could be read.'] : []),
    ...(keptIn === null ? [] : [`The journal as it was found is kept in ${visibleLine(keptIn)}`]),
    ...(dryRun ? ['Nothing was changed. To repair it, leave --dry-run out.'] : []),
  ].join('\n');
}

function countWhole({ length }: readonly RepairedSession[]): string[] {
  return length === 0 ? [] : [`${counted(length, 'session')} ${length === 1 ? 'is' : 'are'} whole.`];
}

/** Out of a journal that is damaged as a whole. */
function saved(sessions: readonly RepairedSession[], dryRun: boolean): string[] {
  const what = dryRun ? 'can be saved' : 'saved';
  return sessions.map((session) => `${titleOf(session)}: ${what} up to revision ${session.lastGood}`);
}

function titleOf({ name, session }: RepairedSession): string {
  return `${visibleLine(name ?? 'a session whose name is lost')} (${session.slice(0, 8)})`;
}

function sessionLines(session: RepairedSession, { dryRun }: Repair, style: Style): string[] {
  const { damage, lastGood, cut, badSnapshots } = session;
  const lines = [style.bad(`${titleOf(session)}: ${visibleLine(damage ?? 'snapshots are not what was written')}`)];
  if (badSnapshots.length > 0) lines.push(`  snapshots that cannot be loaded: revision ${badSnapshots.join(', ')}`);
  const taken =
    cut !== null && cut > 0
      ? `; ${counted(cut, 'entry', 'entries')} after it ${dryRun ? 'would be taken' : 'were taken'} out`
      : '';
  lines.push(`  ${dryRun ? 'would be brought' : 'brought'} back to revision ${lastGood}${taken}`);
  if (session.keptIn !== null) lines.push(`  kept in ${visibleLine(session.keptIn)}`);
  return lines;
}
