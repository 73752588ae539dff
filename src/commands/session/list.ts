import { Flags } from '@oclif/core';
import type { Style } from '../../cli/style.js';
import { BackendCommand } from '../../service/backend-command.js';
import { parseLabels } from '../../service/labels.js';
import { type Listing, listSessions } from '../../service/listing.js';
import { sessionTable } from '../../service/session-text.js';

interface Result extends Listing {
  readonly connection: string;
  readonly current: string | null;
}

export default class SessionList extends BackendCommand<Result> {
  static override summary = 'List sessions, the most recently used first.';
  static override description =
    'When the backend cannot be reached, the sessions as they were last seen are listed and marked as stale.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --label branch=main --state open --json',
  ];
  static override flags = {
    label: Flags.string({ summary: 'Only sessions with this key=value.', multiple: true, default: [] }),
    state: Flags.option({ summary: 'Only sessions in this state.', options: ['open', 'closed'] as const })(),
  };

  protected override async execute(): Promise<Result> {
    const { flags } = await this.parse(SessionList);
    const workplace = this.workplace(flags);
    const listing = await listSessions(workplace, { labels: parseLabels(flags.label), state: flags.state });
    const current = workplace.local.currentSessions.get(workplace.connection)?.id ?? null;
    return { connection: workplace.connection, current, ...listing };
  }

  protected override render({ sessions, stale, asOf, current }: Result, style: Style): string {
    if (stale)
      this.remark(`stui: the backend cannot be reached; this is what was last seen${asOf ? ` at ${asOf}` : ''}`);
    if (sessions.length === 0) return 'No sessions. Make one with "stui session create NAME".';
    return sessionTable(sessions, current ?? undefined, style);
  }
}
