import type { SessionSummary } from '../../protocol/documents.js';
import { BackendCommand, ifRevisionFlag, sessionArg } from '../../service/backend-command.js';
import { sessionId } from '../../service/session-id.js';
import { sharingText, withFlag } from '../../service/sharing.js';

export default class SessionShare extends BackendCommand<SessionSummary> {
  static override summary = 'Let other clients of the backend see a session and work in it.';
  static override description =
    'Without --with all clients of the backend may. Sharing again adds to whom it is shared with already.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> build-42',
    '<%= config.bin %> <%= command.id %> build-42 --with 5b1c9f0e-6f0c-4a53-9b55-0d9a4d1d8d0c --json',
  ];
  static override args = { session: sessionArg(false) };
  static override flags = {
    with: withFlag('Client to share it with.'),
    'if-revision': ifRevisionFlag,
  };

  protected override async execute(): Promise<SessionSummary> {
    const { args, flags } = await this.parse(SessionShare);
    const workplace = this.workplace(flags);
    const { session } = await workplace.ask('share_session', {
      session_id: await sessionId(workplace, workplace.sessionReference(args.session)),
      clients: flags.with,
      if_revision: flags['if-revision'],
    });
    await workplace.remember(session);
    return session;
  }

  protected override render(session: SessionSummary): string {
    return sharingText(session);
  }
}
