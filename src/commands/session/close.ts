import { visibleLine } from '../../cli/terminal-text.js';
import type { SessionSummary } from '../../protocol/documents.js';
import { BackendCommand, ifRevisionFlag, sessionArg } from '../../service/backend-command.js';
import { sessionId } from '../../service/session-id.js';

export default class SessionClose extends BackendCommand<SessionSummary> {
  static override summary = 'Save and close a session. "session restore" opens it again.';
  static override examples = ['<%= config.bin %> <%= command.id %> build-42'];
  static override args = { session: sessionArg(false) };
  static override flags = { 'if-revision': ifRevisionFlag };

  protected override async execute(): Promise<SessionSummary> {
    const { args, flags } = await this.parse(SessionClose);
    const workplace = this.workplace(flags);
    const { session } = await workplace.ask('close_session', {
      session_id: await sessionId(workplace, workplace.sessionReference(args.session)),
      client_id: workplace.clientId,
      if_revision: flags['if-revision'],
    });
    await workplace.remember(session);
    return session;
  }

  protected override render({ name, revision }: SessionSummary): string {
    return `Closed ${visibleLine(name)} at revision ${revision}`;
  }
}
