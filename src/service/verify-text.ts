/** What a verification found, in words. */
import type { Style } from '../cli/style.js';
import { cut, visibleLine } from '../cli/terminal-text.js';
import { counted } from './session-text.js';
import { firstLine } from './source-line.js';
import { isDamaged, type Verification } from './verify.js';

/** Columns of a result in a line about it. */
const VALUE_WIDTH = 100;

export function verificationText(report: Verification, style: Style): string {
  return [...chainLines(report, style), ...replayLines(report, style)].join('\n');
}

function chainLines(report: Verification, style: Style): string[] {
  const what = visibleLine(report.file ?? report.name ?? '');
  const of = report.file === null || report.name === null ? '' : ` (${visibleLine(report.name)})`;
  if (!isDamaged(report)) {
    return [
      style.good(
        `${what}${of} is as it was written: ${counted(report.lastGood, 'entry', 'entries')}, with their snapshots`,
      ),
    ];
  }
  const chain =
    report.damage === null
      ? []
      : [
          style.bad(`${what}${of} is damaged: ${visibleLine(report.damage)}`),
          `revisions up to ${report.lastGood} verify`,
        ];
  const snapshots = report.badSnapshots.map(({ revision, reason }) =>
    style.bad(`the snapshot of revision ${revision} of ${what} is damaged: ${visibleLine(reason)}`),
  );
  const next =
    report.file === null
      ? `"stui session repair ${visibleLine(report.session ?? '')} --dry-run" says what can be brought back.`
      : 'Export the session again, or take another copy of the file.';
  return [...chain, ...snapshots, next];
}

function replayLines({ replay }: Verification, style: Style): string[] {
  if (replay === null) return [];
  const { inputs, same, differing, skipped } = replay;
  return [
    `ran ${counted(inputs, 'input')} in a fresh engine: ${same} answered as recorded, ${differing.length} otherwise`,
    ...differing.flatMap(({ revision, code, recorded, replayed }) => [
      style.warn(`input ${revision}: ${short(firstLine(code))}`),
      `  recorded: ${short(recorded)}`,
      `  replayed: ${short(replayed)}`,
    ]),
    ...skipped.map(({ revision, reason }) => style.dim(`input ${revision} was not compared: ${visibleLine(reason)}`)),
  ];
}

function short(text: string): string {
  return cut(visibleLine(text), VALUE_WIDTH);
}
