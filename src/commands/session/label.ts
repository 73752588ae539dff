import { stringArg } from '../../cli/args.js';
import { UsageError } from '../../cli/errors.js';
import { visibleLine } from '../../cli/terminal-text.js';
import type { SessionSummary } from '../../protocol/documents.js';
import { BackendCommand, ifRevisionFlag, sessionArg } from '../../service/backend-command.js';
import { parseLabelChanges } from '../../service/labels.js';
import { sessionId } from '../../service/session-id.js';
import { labelText } from '../../service/session-text.js';

export default class SessionLabel extends BackendCommand<SessionSummary> {
  static override summary = 'Set and remove labels of a session.';
  static override usage = 'session label SESSION KEY=VALUE|KEY-...';
  static override examples = ['<%= config.bin %> <%= command.id %> build-42 branch=main reviewed=yes temporary-'];
  static override strict = false;
  static override args = {
    session: sessionArg(true),
    label: stringArg({ description: 'key=value sets, key- removes; several can be given.', required: true }),
  };
  static override flags = { 'if-revision': ifRevisionFlag };

  protected override async execute(): Promise<SessionSummary> {
    const { args, argv, flags } = await this.parse(SessionLabel);
    const words = (argv as string[]).slice(1);
    const flag = words.find((word) => word.startsWith('-'));
    if (flag) throw new UsageError(`Unknown flag: ${flag.split('=', 1)[0]}`);
    const workplace = this.workplace(flags);
    const { session } = await workplace.ask('label_session', {
      session_id: await sessionId(workplace, workplace.sessionReference(args.session)),
      labels: parseLabelChanges(words),
      client_id: workplace.clientId,
      if_revision: flags['if-revision'],
    });
    await workplace.remember(session);
    return session;
  }

  protected override render({ name, labels }: SessionSummary): string {
    return `${visibleLine(name)}: ${visibleLine(labelText(labels)) || 'no labels'}`;
  }
}
