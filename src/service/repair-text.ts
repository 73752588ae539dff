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
  const intact = sessions.length - damaged.length;
  return [
    ...journal,
    ...damaged.flatMap((session) => sessionLines(session, repair, style)),
    ...(intact > 0 ? [`${counted(intact, 'session')} ${intact === 1 ? 'is' : 'are'} whole.`] : []),
    ...(keptIn === null ? [] : [`The journal as it was found is kept in ${visibleLine(keptIn)}`]),
    ...(dryRun ? ['Nothing was changed. To repair it, leave --dry-run out.'] : []),
  ].join('\n');
}

function sessionLines(session: RepairedSession, { dryRun }: Repair, style: Style): string[] {
  const { name, damage, lastGood, cut, badSnapshots } = session;
  const what = `${visibleLine(name ?? 'a session whose name is lost')} (${session.session.slice(0, 8)})`;
  const lines = [style.bad(`${what}: ${visibleLine(damage ?? 'snapshots are not what was written')}`)];
  if (badSnapshots.length > 0) lines.push(`  snapshots that cannot be loaded: revision ${badSnapshots.join(', ')}`);
  const taken =
    cut !== null && cut > 0
      ? `; ${counted(cut, 'entry', 'entries')} after it ${dryRun ? 'would be taken' : 'were taken'} out`
      : '';
  lines.push(`  ${dryRun ? 'would be brought' : 'brought'} back to revision ${lastGood}${taken}`);
  if (session.keptIn !== null) lines.push(`  kept in ${visibleLine(session.keptIn)}`);
  return lines;
}
