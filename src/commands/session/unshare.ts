import type { SessionSummary } from '../../protocol/documents.js';
import { BackendCommand, ifRevisionFlag, sessionArg } from '../../service/backend-command.js';
import { sessionId } from '../../service/session-id.js';
import { sharingText, withFlag } from '../../service/sharing.js';

export default class SessionUnshare extends BackendCommand<SessionSummary> {
  static override summary = 'Take a session back from other clients.';
  static override description =
    'Without --with nobody but its owner sees it any more. What other clients did in it stays.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> build-42',
    '<%= config.bin %> <%= command.id %> build-42 --with 5b1c9f0e-6f0c-4a53-9b55-0d9a4d1d8d0c --json',
  ];
  static override args = { session: sessionArg(false) };
  static override flags = {
    with: withFlag('Client to take it back from.'),
    'if-revision': ifRevisionFlag,
  };

  protected override async execute(): Promise<SessionSummary> {
    const { args, flags } = await this.parse(SessionUnshare);
    const workplace = this.workplace(flags);
    const { session } = await workplace.ask('unshare_session', {
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
