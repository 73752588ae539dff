import { Flags } from '@oclif/core';
import { spanFlag } from '../../cli/duration.js';
import { UsageError } from '../../cli/errors.js';
import type { Style } from '../../cli/style.js';
import { BackendCommand } from '../../service/backend-command.js';
import { type Pruning, pruneSessions } from '../../service/pruning.js';
import { counted, formatBytes, sessionTable } from '../../service/session-text.js';

export default class SessionPrune extends BackendCommand<Pruning> {
  static override summary = 'Remove sessions that nobody needs any more, for good.';
  static override description =
    'Says which, and how much space they took. At least one of --orphaned, --expired and --older-than has to say what ' +
    'nobody needs; the first two can be given together. With --older-than below a day nothing is removed without --yes.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --expired --dry-run',
    '<%= config.bin %> <%= command.id %> --older-than 30d',
    '<%= config.bin %> <%= command.id %> --orphaned --older-than 90d --json',
  ];
  static override flags = {
    orphaned: Flags.boolean({
      summary: 'Open sessions, of all clients, that none of their clients was seen in for long.',
      description: 'For 30 days, or for as long as --older-than says.',
    }),
    expired: Flags.boolean({ summary: 'Sessions of your own that their time to live has closed.' }),
    'older-than': spanFlag({
      summary: 'Only sessions without activity for this long. Alone: closed ones of your own.',
    }),
    yes: Flags.boolean({ summary: 'Do it although --older-than is less than a day.' }),
    'dry-run': Flags.boolean({ summary: 'Only say which.' }),
  };

  protected override async execute(): Promise<Pruning> {
    const { flags } = await this.parse(SessionPrune);
    const { orphaned, expired, 'older-than': olderThanMs } = flags;
    if (!orphaned && !expired && olderThanMs === undefined) {
      throw new UsageError('Nothing says which sessions to remove', 'Say --orphaned, --expired or --older-than 30d.');
    }
    const order = { orphaned, expired, olderThanMs, dryRun: flags['dry-run'], confirmed: flags.yes };
    return pruneSessions(this.workplace(flags), order);
  }

  protected override render({ sessions, bytes, removed }: Pruning, style: Style): string {
    if (sessions.length === 0) return 'No session is like that.';
    const what = `${counted(sessions.length, 'session')}, ${formatBytes(bytes)}`;
    const done = removed
      ? `Removed for good: ${what}`
      : `Would remove for good: ${what}. To do it, leave --dry-run out.`;
    return `${sessionTable(sessions, undefined, style)}\n\n${done}`;
  }
}
