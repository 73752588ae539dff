import { Flags } from '@oclif/core';
import { runSteps } from '../../cli/progress.js';
import type { Style } from '../../cli/style.js';
import { BackendCommand, ifRevisionFlag, sessionArg } from '../../service/backend-command.js';
import { pointFlag } from '../../service/point.js';
import {
  planRestore,
  type RestoreOutcome,
  type Restoring,
  restoreSteps,
  restoreStrategy,
} from '../../service/restore.js';
import { restoreText } from '../../service/restore-text.js';
import { RESTORE_STRATEGIES } from '../../session/restore-plan.js';

export default class SessionRestore extends BackendCommand<RestoreOutcome> {
  static override summary = 'Bring a session back into a running engine, and say exactly what came back.';
  static override description =
    'Loads what was saved and makes the session the current one, except where CI is set; a closed session is open again. ' +
    'User code does not run again by itself: inputs whose effects no snapshot carries are named, and --strategy replay runs ' +
    'them. With --at the session goes back to how it was; its journal keeps what came after. Every restore is planned ' +
    'first, and what came back otherwise than planned is named.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> build-42',
    '<%= config.bin %> <%= command.id %> build-42 --plan',
    '<%= config.bin %> <%= command.id %> build-42 --at 2h --plan',
    '<%= config.bin %> <%= command.id %> build-42 --strategy replay --json',
  ];
  static override args = { session: sessionArg(false) };
  static override flags = {
    plan: Flags.boolean({ summary: 'Only say what would come back.' }),
    strategy: Flags.option({
      summary: 'How to bring it back; "snapshot" when not given.',
      description:
        '"snapshot" loads what was saved. "replay" also runs the inputs again that no snapshot covers; they may have had ' +
        'effects before. "none" loads nothing: a clean engine, with the context kept.',
      options: RESTORE_STRATEGIES,
    })(),
    replay: Flags.boolean({ summary: 'Short for --strategy replay.' }),
    at: pointFlag('Go back to how the session was at this revision or time.'),
    'if-revision': ifRevisionFlag,
  };

  protected override async execute(): Promise<RestoreOutcome> {
    const { args, flags } = await this.parse(SessionRestore);
    const strategy = restoreStrategy(flags.strategy, flags.replay);
    const workplace = this.workplace(flags);
    const order = {
      session: workplace.sessionReference(args.session),
      strategy,
      point: flags.at ?? {},
      ifRevision: flags['if-revision'],
    };
    if (flags.plan) return planRestore(workplace, order);
    const restoring: Partial<Restoring> = {};
    await runSteps(
      restoreSteps(workplace, order),
      restoring,
      // Lines of progress in a log say nothing that the report does not.
      { enabled: !this.jsonEnabled() && process.stderr.isTTY === true, isTTY: true, env: process.env },
    );
    return (restoring as Restoring).outcome;
  }

  protected override render(outcome: RestoreOutcome, style: Style): string {
    return restoreText(outcome, style);
  }
}
