import { Flags } from '@oclif/core';
import { parseDuration } from '../cli/duration.js';
import { UsageError } from '../cli/errors.js';
import type { Style } from '../cli/style.js';
import { BackendCommand, sessionFlag } from '../service/backend-command.js';
import { historyTable } from '../service/session-text.js';
import type { Evaluation } from '../session/evaluation.js';

interface Result {
  /** Null where all sessions were searched. */
  readonly session: string | null;
  readonly evaluations: readonly Evaluation[];
  /** Older ones match too. */
  readonly more: boolean;
}

export default class History extends BackendCommand<Result> {
  static override summary = 'Show the evaluations of a session, the newest last.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --limit 5',
    "<%= config.bin %> <%= command.id %> --grep 'Counter new' --since 2h",
    '<%= config.bin %> <%= command.id %> --session build-42 --since 2026-01-31T12:00:00Z --json',
  ];
  static override flags = {
    session: sessionFlag,
    grep: Flags.string({ summary: 'Only evaluations whose code contains this text, case not minded.' }),
    limit: Flags.integer({ summary: 'At most this many, the newest ones.', default: 20, min: 1, max: 10_000 }),
    since: Flags.string({
      summary: 'Only evaluations since this time (ISO 8601), or not longer ago than this (2h, 30m).',
    }),
  };

  protected override async execute(): Promise<Result> {
    const { flags } = await this.parse(History);
    const workplace = this.workplace(flags);
    return workplace.ask('read_history', {
      session_id: workplace.sessionReference(flags.session),
      limit: flags.limit,
      grep: flags.grep,
      since: flags.since === undefined ? undefined : pointInTime(flags.since),
    });
  }

  protected override render({ evaluations, more }: Result, style: Style): string {
    if (evaluations.length === 0) return 'No evaluations match.';
    if (more) this.remark('stui: there are older ones; --limit shows more');
    return historyTable(evaluations, style);
  }
}

function pointInTime(text: string): string {
  if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text)) return new Date(Date.now() - parseDuration(text)).toISOString();
  const time = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(time.getTime())) return time.toISOString();
  throw new UsageError(
    `Not a time: "${text}"`,
    'Write 2026-01-31T12:00:00Z, 2026-01-31, or how long ago: 30m, 2h, 7d.',
  );
}
