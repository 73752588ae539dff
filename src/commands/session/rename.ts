import { stringArg } from '../../cli/args.js';
import { visibleLine } from '../../cli/terminal-text.js';
import type { SessionSummary } from '../../protocol/documents.js';
import { ProtocolError } from '../../protocol/errors.js';
import { BackendCommand, ifRevisionFlag, sessionArg } from '../../service/backend-command.js';
import { knownId, sessionId } from '../../service/session-id.js';
import type { Workplace } from '../../service/workplace.js';

/**
 * Bound to its id, a session is found again when the request comes a second time: its old name is gone by then.
 * @returns the id of the session that has the name, or that had it when it was last seen here, and has the new one now
 */
async function renamedId(workplace: Workplace, reference: string, name: string): Promise<string> {
  const known = knownId(workplace, reference);
  try {
    return await sessionId(workplace, reference);
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.type !== 'SessionNotFound' || known === reference) throw error;
    const { session } = await workplace.ask('get_session_info', { session_id: known });
    if (session.name === name) return session.id;
    throw error;
  }
}

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
    const session_id = await renamedId(workplace, workplace.sessionReference(args.session), args.name);
    const { session } = await workplace.ask('rename_session', {
      session_id,
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
