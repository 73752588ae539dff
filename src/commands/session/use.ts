import { visibleLine } from '../../cli/terminal-text.js';
import type { SessionSummary } from '../../protocol/documents.js';
import { BackendCommand, sessionArg } from '../../service/backend-command.js';

export default class SessionUse extends BackendCommand<SessionSummary> {
  static override summary = 'Make a session the current one of this connection.';
  static override description =
    'Scripts better say STUI_SESSION: the current session is shared by all shells of a user.';
  static override examples = ['<%= config.bin %> <%= command.id %> build-42'];
  static override args = { session: sessionArg(true) };

  protected override async execute(): Promise<SessionSummary> {
    const { args, flags } = await this.parse(SessionUse);
    const workplace = this.workplace(flags);
    const { session } = await workplace.ask('get_session_info', {
      session_id: workplace.sessionReference(args.session),
    });
    await workplace.makeCurrent(session);
    await workplace.remember(session);
    return session;
  }

  protected override render({ name, id }: SessionSummary): string {
    return `The current session is ${visibleLine(name)} (${id})`;
  }
}
