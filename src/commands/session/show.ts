import type { Style } from '../../cli/style.js';
import type { SessionSummary } from '../../protocol/documents.js';
import { BackendCommand, sessionArg } from '../../service/backend-command.js';
import { showSession } from '../../service/listing.js';
import { sessionFields } from '../../service/session-text.js';

type Result = SessionSummary & { readonly stale: boolean; readonly asOf: string | null };

export default class SessionShow extends BackendCommand<Result> {
  static override summary = 'Show one session.';
  static override description =
    'When the backend cannot be reached, the session as it was last seen is shown and marked as stale.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> build-42 --json',
  ];
  static override args = { session: sessionArg(false) };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(SessionShow);
    const workplace = this.workplace(flags);
    const { session, stale, asOf } = await showSession(workplace, workplace.sessionReference(args.session));
    return { ...session, stale, asOf };
  }

  protected override render(result: Result, style: Style): string {
    if (result.stale) {
      this.remark(
        `stui: the backend cannot be reached; this is what was last seen${result.asOf ? ` at ${result.asOf}` : ''}`,
      );
    }
    return sessionFields(result, style);
  }
}
