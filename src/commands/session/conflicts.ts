import type { Style } from '../../cli/style.js';
import type { Conflict } from '../../protocol/documents.js';
import { BackendCommand, sessionArg } from '../../service/backend-command.js';
import { conflictText } from '../../service/workspace/conflict-text.js';

interface Result {
  readonly session: string;
  readonly revision: number;
  readonly conflicts: readonly Conflict[];
}

export default class SessionConflicts extends BackendCommand<Result> {
  static override summary = 'List the changes to the workspace that wait for a decision.';
  static override description =
    'A conflict comes up when two clients change the same in the workspace. The session keeps what it had; what came is kept ' +
    'beside it until "session resolve" decides.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> build-42 --json',
  ];
  static override args = { session: sessionArg(false) };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(SessionConflicts);
    const workplace = this.workplace(flags);
    return workplace.ask('list_conflicts', { session_id: workplace.sessionReference(args.session) });
  }

  protected override render({ conflicts }: Result, style: Style): string {
    if (conflicts.length === 0) return 'There are no conflicts.';
    return conflicts.map((conflict) => conflictText(conflict, style)).join('\n\n');
  }
}
