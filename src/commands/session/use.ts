import { visibleLine } from '../../cli/terminal-text.js';
import type { SessionSummary } from '../../protocol/documents.js';
import { BackendCommand, sessionArg } from '../../service/backend-command.js';

type Result = SessionSummary & {
  /** Commands that are given no session work in it; false where STUI_SESSION says another. */
  readonly current: boolean;
};

export default class SessionUse extends BackendCommand<Result> {
  static override summary = 'Make a session the current one of this connection.';
  static override description =
    'It holds in this terminal, and in those where none was chosen or used yet. Scripts better say STUI_SESSION, which goes ' +
    'before it.';
  static override examples = ['<%= config.bin %> <%= command.id %> build-42'];
  static override args = { session: sessionArg(true) };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(SessionUse);
    const workplace = this.workplace(flags);
    const { session } = await workplace.ask('get_session_info', {
      session_id: workplace.sessionReference(args.session),
    });
    const current = await workplace.makeCurrent(session, 'asked');
    await workplace.remember(session);
    return { ...session, current };
  }

  protected override render({ name, id }: Result): string {
    return `The current session is ${visibleLine(name)} (${id})`;
  }
}
