import { visibleLine } from '../../cli/terminal-text.js';
import type { SessionSummary } from '../../protocol/documents.js';
import { BackendCommand, ifRevisionFlag, sessionArg } from '../../service/backend-command.js';
import { sessionId } from '../../service/session-id.js';
import { formatBytes } from '../../service/session-text.js';

interface Result {
  readonly session: SessionSummary;
  readonly bytes: number;
  readonly unsaved: readonly { readonly name: string; readonly reason: string }[];
}

export default class SessionSave extends BackendCommand<Result> {
  static override summary = 'Save everything in the engine now, however big.';
  static override description =
    'Evaluations save what they changed by themselves; only values over 256 KB wait until the session is idle. ' +
    'This waits for them, and names the bindings whose values cannot be saved.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> build-42 --json',
  ];
  static override args = { session: sessionArg(false) };
  static override flags = { 'if-revision': ifRevisionFlag };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(SessionSave);
    const workplace = this.workplace(flags);
    return workplace.ask('save_session', {
      session_id: await sessionId(workplace, workplace.sessionReference(args.session)),
      client_id: workplace.clientId,
      if_revision: flags['if-revision'],
    });
  }

  protected override render({ session, bytes, unsaved }: Result): string {
    const what = bytes === 0 ? 'Everything was saved already' : `Saved ${formatBytes(bytes)}`;
    const lines = [`${what}: ${visibleLine(session.name)} is at revision ${session.revision}`];
    for (const { name, reason } of unsaved) lines.push(`not saved: ${visibleLine(name)}: ${visibleLine(reason)}`);
    return lines.join('\n');
  }
}
