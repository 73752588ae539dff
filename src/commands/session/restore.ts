import { Flags } from '@oclif/core';
import { runSteps } from '../../cli/progress.js';
import type { Style } from '../../cli/style.js';
import type { RestoreReport } from '../../protocol/documents.js';
import { MAX_TIMEOUT_MS } from '../../protocol/limits.js';
import { BackendCommand, sessionArg } from '../../service/backend-command.js';
import { restoreText } from '../../service/session-text.js';

export default class SessionRestore extends BackendCommand<RestoreReport> {
  static override summary = 'Bring a session back into a running engine, and say exactly what came back.';
  static override description =
    'Loads what was saved and makes the session the current one; a closed session is open again. User code does not run ' +
    'again by itself: inputs whose effects no snapshot carries are named, and --replay runs them.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> build-42',
    '<%= config.bin %> <%= command.id %> build-42 --plan',
    '<%= config.bin %> <%= command.id %> build-42 --replay --json',
  ];
  static override args = { session: sessionArg(false) };
  static override flags = {
    plan: Flags.boolean({ summary: 'Only say what would come back.' }),
    replay: Flags.boolean({ summary: 'Run the inputs again that no snapshot covers.' }),
  };

  protected override async execute(): Promise<RestoreReport> {
    const { args, flags } = await this.parse(SessionRestore);
    const workplace = this.workplace(flags);
    const reference = workplace.sessionReference(args.session);
    const request = { session_id: reference, client_id: workplace.clientId, replay: flags.replay };
    if (flags.plan) return (await workplace.ask('restore_session', { ...request, plan: true })).report;

    const done: { report?: RestoreReport } = {};
    await runSteps(
      [
        {
          title: 'Reach the backend',
          task: async () => void (await workplace.client()),
        },
        {
          title: 'Load what was saved',
          task: async (context) => {
            const { report, session } = await workplace.ask('restore_session', request, MAX_TIMEOUT_MS);
            await workplace.makeCurrent(session);
            await workplace.remember(session);
            context.report = report;
          },
        },
      ],
      done,
      // Lines of progress in a log say nothing that the report does not.
      { enabled: !this.jsonEnabled() && process.stderr.isTTY === true, isTTY: true, env: process.env },
    );
    return done.report as RestoreReport;
  }

  protected override render(report: RestoreReport, style: Style): string {
    return restoreText(report, style);
  }
}
