import { CliError } from '../../cli/errors.js';
import { visibleLine } from '../../cli/terminal-text.js';
import { BackendCommand, STARTING_NONE_FLAGS } from '../../service/backend-command.js';
import { isReferenceTo } from '../../session/name.js';

interface Result {
  readonly connection: string;
  /** What commands will use: an id or a name. */
  readonly session: string;
  readonly from: 'STUI_SESSION' | 'current';
  readonly name: string | null;
  /** The session chosen with "session use", where STUI_SESSION goes before it. */
  readonly overridden: { readonly id: string; readonly name: string } | null;
}

export default class SessionCurrent extends BackendCommand<Result> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary = 'Tell which session commands work in when none is given.';
  static override description =
    'Asks no backend. STUI_SESSION goes before the session chosen in this terminal, and that before the one that was chosen ' +
    'last in any other.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  protected override async execute(): Promise<Result> {
    const { flags } = await this.parse(SessionCurrent);
    const workplace = this.workplace(flags);
    const { connection } = workplace;
    const fromEnvironment = process.env['STUI_SESSION'];
    const current = workplace.local.currentSessions.get(connection);
    if (fromEnvironment) {
      const isOther = current && !isReferenceTo(fromEnvironment, current);
      const overridden = isOther ? { id: current.id, name: current.name } : null;
      return { connection, session: fromEnvironment, from: 'STUI_SESSION', name: null, overridden };
    }
    if (current) return { connection, session: current.id, from: 'current', name: current.name, overridden: null };
    throw new CliError('no-session', `The connection ${connection} has no current session`, {
      exit: 'notFound',
      hint: 'Pick one with "stui session use", or make one with "stui session create".',
    });
  }

  protected override render({ session, name, overridden }: Result): string {
    if (overridden) this.remark(`stui: STUI_SESSION says so; without it, it would be ${overridden.name}`);
    return visibleLine(name ?? session);
  }
}
