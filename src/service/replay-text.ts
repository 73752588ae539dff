/** Replays in words. */
import type { Style } from '../cli/style.js';
import { type Column, table } from '../cli/table.js';
import type { Evaluation } from '../session/evaluation.js';
import type { ReplayedInput, ReplayReport } from './replay.js';

/** What a replay gave, input by input, or would run. */
export function replayText(report: ReplayReport, style: Style): string {
  const { evaluations, skipped, dryRun } = report;
  const rows = evaluations.length === 0 ? [] : [table(evaluations, dryRun ? planned : ended(style), style), ''];
  const left = skipped.map(({ revision, reason }) => `Skipped ${revision}: ${reason}`);
  return [...rows, summary(report), ...left].join('\n');
}

const REVISION: Column<ReplayedInput> = { title: 'REVISION', value: ({ revision }) => revision };
const CODE: Column<ReplayedInput> = { title: 'CODE', value: ({ code }) => code.trim(), maxWidth: 60 };

const planned: readonly Column<ReplayedInput>[] = [
  REVISION,
  CODE,
  { title: 'RECORDED', value: ({ recorded }) => resultOf(recorded), maxWidth: 60 },
];

const ended = (style: Style): readonly Column<ReplayedInput>[] => [
  REVISION,
  { title: 'OUTCOME', value: ({ evaluation }) => evaluation?.outcome },
  {
    title: 'AS RECORDED',
    value: ({ same }) => (same === null ? '' : same ? 'yes' : 'no'),
    style: (cell, { same }) => (same === false ? style.warn(cell) : cell),
  },
  { title: 'RESULT', value: ({ evaluation }) => evaluation && resultOf(evaluation), maxWidth: 60 },
  CODE,
];

function resultOf({ outcome, printString, error }: Pick<Evaluation, 'outcome' | 'printString' | 'error'>): string {
  return printString ?? (error ? `${error.class}: ${error.message}` : outcome);
}

function summary({ dryRun, evaluations, ran, failed, stoppedAt }: ReplayReport): string {
  const inputs = (count: number) => `${count} input${count === 1 ? '' : 's'}`;
  if (evaluations.length === 0) return 'There is nothing to run in that range.';
  if (dryRun) return `Would run ${inputs(evaluations.length)}.`;
  const differing = evaluations.filter(({ same }) => same === false).length;
  const particulars = [
    ran < evaluations.length ? `${evaluations.length - ran} had run before` : '',
    failed > 0 ? `${failed} without a value` : '',
    differing > 0 ? `${differing} not as recorded` : '',
    stoppedAt === null ? '' : `stopped at ${stoppedAt}`,
  ].filter((each) => each !== '');
  return [`Ran ${inputs(ran)}`, ...particulars].join('; ');
}
