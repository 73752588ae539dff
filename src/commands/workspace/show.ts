import type { Style } from '../../cli/style.js';
import type { Conflict } from '../../protocol/documents.js';
import { BackendCommand, sessionArg } from '../../service/backend-command.js';
import { contextText } from '../../service/workspace/context-text.js';
import { effectiveContext, type Scope } from '../../service/workspace/effective.js';
import { atFlag, refuseWithUserScope, scopeFlag } from '../../service/workspace/flags.js';
import { seeContext } from '../../service/workspace/reading.js';
import { seenRemarks } from '../../service/workspace/seen-text.js';
import type { JsonObject } from '../../session/json.js';

interface Result {
  /** Null for the user's context, as the revision and the time are. */
  readonly session: string | null;
  readonly revision: number | null;
  readonly scope: Scope;
  readonly context: JsonObject;
  /** The context over the user's. */
  readonly effective: JsonObject;
  readonly parts: Readonly<Record<string, number>>;
  readonly conflicts: readonly Conflict[];
  readonly stale: boolean;
  readonly asOf: string | null;
  /** Changes that wait in the outbox. */
  readonly waiting: number;
}

export default class WorkspaceShow extends BackendCommand<Result> {
  static override summary = 'Show the workspace of a session: buffer, panel layout, preferences, open conflicts.';
  static override description =
    'Shows what holds: what the session says and, where it says nothing, what the user does (--scope user). When the backend ' +
    'cannot be reached, the workspace as it was last seen is shown and marked as stale.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> build-42 --at 12 --json',
    '<%= config.bin %> <%= command.id %> --scope user',
  ];
  static override args = { session: sessionArg(false) };
  static override flags = { scope: scopeFlag(), at: atFlag };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(WorkspaceShow);
    const workplace = this.workplace(flags);
    const user = workplace.local.userContext.get();
    if (flags.scope === 'user') {
      refuseWithUserScope({ ...flags, session: args.session }, ['session', 'at']);
      return { ...OF_USER, context: user, effective: user };
    }
    const seen = await seeContext(workplace, workplace.sessionReference(args.session), flags.at);
    return { ...seen, scope: 'session', effective: effectiveContext(user, seen.context) };
  }

  protected override render(result: Result, style: Style): string {
    for (const remark of seenRemarks(result)) this.remark(remark);
    return contextText(result.effective, result.conflicts, style);
  }
}

const OF_USER = {
  session: null,
  revision: null,
  scope: 'user',
  parts: {},
  conflicts: [],
  stale: false,
  asOf: null,
  waiting: 0,
} as const;
