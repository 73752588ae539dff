import { Flags } from '@oclif/core';
import type { Style } from '../../cli/style.js';
import type { SessionSummary, Statistics } from '../../protocol/documents.js';
import { BackendCommand, sessionArg } from '../../service/backend-command.js';
import { showSession } from '../../service/listing.js';
import { sessionFields } from '../../service/session-text.js';
import { statisticsFields } from '../../service/statistics-text.js';

type Result = SessionSummary & {
  readonly stale: boolean;
  readonly asOf: string | null;
  /** With --stats; null where the backend could not be asked. */
  readonly statistics?: Statistics | null;
};

export default class SessionShow extends BackendCommand<Result> {
  static override summary = 'Show one session.';
  static override description =
    'When the backend cannot be reached, the session as it was last seen is shown and marked as stale.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> build-42 --stats --json',
  ];
  static override args = { session: sessionArg(false) };
  static override flags = {
    stats: Flags.boolean({ summary: 'Also count what happened in it.' }),
  };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(SessionShow);
    const workplace = this.workplace(flags);
    const { session, stale, asOf } = await showSession(workplace, workplace.sessionReference(args.session));
    if (!flags.stats) return { ...session, stale, asOf };
    const statistics = stale ? null : (await workplace.ask('get_statistics', { session_id: session.id })).statistics;
    return { ...session, stale, asOf, statistics };
  }

  protected override render(result: Result, style: Style): string {
    if (result.stale) {
      this.remark(
        `stui: the backend cannot be reached; this is what was last seen${result.asOf ? ` at ${result.asOf}` : ''}`,
      );
    }
    const about = sessionFields(result, style);
    return result.statistics ? `${about}\n\n${statisticsFields(result.statistics, style)}` : about;
  }
}
