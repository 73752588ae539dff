import { stringArg } from '../../cli/args.js';
import { visibleLine } from '../../cli/terminal-text.js';
import type { SessionSummary } from '../../protocol/documents.js';
import { BackendCommand, ifRevisionFlag, sessionArg } from '../../service/backend-command.js';

export default class SessionRename extends BackendCommand<SessionSummary> {
  static override summary = 'Give a session another name.';
  static override examples = ['<%= config.bin %> <%= command.id %> build-42 release-1.0'];
  static override args = {
    session: sessionArg(true),
    name: stringArg({ description: 'New name, unique among open sessions.', required: true }),
  };
  static override flags = { 'if-revision': ifRevisionFlag };

  protected override async execute(): Promise<SessionSummary> {
    const { args, flags } = await this.parse(SessionRename);
    const workplace = this.workplace(flags);
    const { session } = await workplace.ask('rename_session', {
      session_id: workplace.sessionReference(args.session),
      name: args.name,
      client_id: workplace.clientId,
      if_revision: flags['if-revision'],
    });
    await workplace.remember(session);
    return session;
  }

  protected override render({ name, id }: SessionSummary): string {
    return `The session ${id} is called ${visibleLine(name)}`;
  }
}
