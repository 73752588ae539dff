import { Flags } from '@oclif/core';
import { stringArg } from '../../cli/args.js';
import { durationFlag } from '../../cli/duration.js';
import { UsageError } from '../../cli/errors.js';
import { runSteps } from '../../cli/progress.js';
import type { Style } from '../../cli/style.js';
import { MAX_TIMEOUT_MS } from '../../protocol/limits.js';
import { BackendCommand, sessionFlag } from '../../service/backend-command.js';
import { exitOfReplay, plannedReplay, planReplay, type ReplayReport, runReplay } from '../../service/replay.js';
import { replayText } from '../../service/replay-text.js';
import { requestedRange } from '../../service/revision-range.js';
import { deliveryRemark, restoreRemark } from '../../service/session-text.js';

export default class HistoryReplay extends BackendCommand<ReplayReport> {
  static override summary = 'Run inputs from the history again, in order, each once.';
  static override description =
    'Runs the inputs of a range of revisions, as "stui history" shows them, in the same session or in another one, and ' +
    'says of each whether it gave what the history has. Every input runs under a key of its own, PREFIX-REVISION: broken ' +
    'off and run again with the same --key and the same sessions, a replay goes on where it stopped, and runs nothing ' +
    'twice. Inputs whose secrets were not kept, and those without an outcome yet, are skipped and named; so are inputs ' +
    'that ran others in the range again, except under a --key that was given to another replay.\n\n' +
    'Exits 9 when an input raised; 6, 11 or 12 when the last one was interrupted, has an unknown outcome, or found no ' +
    'engine, or when another one was and none raised; 5 when the backend is gone.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 12..40 --into scratch',
    '<%= config.bin %> <%= command.id %> last:5 --dry-run',
    '<%= config.bin %> <%= command.id %> 1.. -s build-42 --into build-43 --stop-on-error --key rebuild --json',
  ];
  static override args = {
    range: stringArg({ description: 'Revisions: 12, 12..40, 12.., ..40, or last:5.', required: true }),
  };
  static override flags = {
    session: sessionFlag,
    into: Flags.string({ summary: 'Session to run them in; the same one when not given.', helpValue: '<session>' }),
    'stop-on-error': Flags.boolean({ summary: 'Leave the others when one has no value.' }),
    timeout: durationFlag({
      summary: 'Interrupt each after this long, in place of the limit it had.',
      least: 1,
      most: MAX_TIMEOUT_MS,
    }),
    key: Flags.string({ summary: 'What the keys begin with. Made up when not given.', helpValue: '<prefix>' }),
    'dry-run': Flags.boolean({ summary: 'Only say what would run.' }),
  };

  protected override async execute(): Promise<ReplayReport> {
    const { args, flags } = await this.parse(HistoryReplay);
    const range = requestedRange(args.range);
    if (flags.key === '') throw new UsageError('The beginning of the keys is empty', 'Give one, or leave --key out.');
    const workplace = this.workplace(flags);
    const session = workplace.sessionReference(flags.session);
    const plan = await planReplay(workplace, { session, into: flags.into, range, keyPrefix: flags.key });
    if (flags['dry-run']) return plannedReplay(plan);
    if (flags.key === undefined)
      this.remark(`stui: the keys begin with ${plan.keyPrefix}; --key ${plan.keyPrefix} goes on`);

    const done: { report?: ReplayReport } = {};
    const task = async (context: typeof done, progress: (line: string) => void) => {
      const options = { stopOnError: flags['stop-on-error'], timeoutMs: flags.timeout, progress };
      context.report = await runReplay(workplace, plan, options);
    };
    // Lines of progress in a log say nothing that the report does not.
    const watched = !this.jsonEnabled() && process.stderr.isTTY === true;
    await runSteps([{ title: 'Run the inputs', task }], done, { enabled: watched, isTTY: watched, env: process.env });
    const report = done.report as ReplayReport;
    this.exitAs(exitOfReplay(report));
    return report;
  }

  protected override render(report: ReplayReport, style: Style): string {
    for (const entry of report.delivered) this.remark(deliveryRemark(entry));
    for (const { evaluation } of report.evaluations) {
      if (evaluation?.restored) this.remark(restoreRemark(evaluation.restored));
    }
    return replayText(report, style);
  }
}
