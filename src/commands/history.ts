import { Flags } from '@oclif/core';
import { UsageError } from '../cli/errors.js';
import type { Style } from '../cli/style.js';
import { BackendCommand, sessionFlag } from '../service/backend-command.js';
import { type History as Found, readHistory } from '../service/history.js';
import { requestedRange } from '../service/revision-range.js';
import { historyTable } from '../service/session-text.js';
import { POINT_IN_TIME_FORMS, pointInTime } from '../session/point-in-time.js';

interface Result extends Found {
  /** With --all: the sessions that the evaluations are of. */
  readonly sessions: readonly { readonly id: string; readonly name: string }[] | null;
}

const DEFAULT_LIMIT = 20;

export default class History extends BackendCommand<Result> {
  static override summary = 'Show the evaluations of a session, the newest last.';
  static override description =
    'The revision of an evaluation is that of its output, as the table shows it; while there is none, that of its input. ' +
    'Inputs that were brought in with "stui history import" have the outcome "recorded", and the time they were typed at.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --limit 5',
    "<%= config.bin %> <%= command.id %> --grep 'Counter new' --since 2h",
    '<%= config.bin %> <%= command.id %> --all --failed',
    '<%= config.bin %> <%= command.id %> --session build-42 --range 12..40 --json',
  ];
  static override flags = {
    session: sessionFlag,
    all: Flags.boolean({ summary: 'Search all sessions that you can see.', exclusive: ['session'] }),
    grep: Flags.string({ summary: 'Only evaluations whose code contains this text, case not minded.' }),
    failed: Flags.boolean({ summary: 'Only evaluations without a value: raised, interrupted or unknown.' }),
    range: Flags.string({
      summary: 'Only evaluations of these revisions: 12, 12..40, 12.., ..40, or last:5 for the last five evaluations.',
      helpValue: '<range>',
    }),
    limit: Flags.integer({
      summary: `At most this many, the newest ones. Without it ${DEFAULT_LIMIT}, or all of a --range.`,
      min: 1,
      max: 10_000,
    }),
    since: Flags.string({
      summary: 'Only evaluations since this time (ISO 8601), or not longer ago than this (2h, 30m).',
    }),
  };

  protected override async execute(): Promise<Result> {
    const { flags } = await this.parse(History);
    if (flags.all && flags.range !== undefined) {
      throw new UsageError('A range is one of a single session', 'Give --all or --range; --since goes with both.');
    }
    const range = flags.range === undefined ? undefined : requestedRange(flags.range);
    const since = flags.since === undefined ? undefined : requestedTime(flags.since);
    const workplace = this.workplace(flags);
    const found = await readHistory(workplace, {
      session: flags.all ? undefined : workplace.sessionReference(flags.session),
      limit: flags.limit ?? (range === undefined ? DEFAULT_LIMIT : undefined),
      grep: flags.grep,
      failed: flags.failed,
      since,
      range,
    });
    if (!flags.all) return { ...found, sessions: null };
    const { sessions } = await workplace.ask('list_sessions', {});
    const shown = new Set(found.evaluations.map(({ session }) => session));
    return { ...found, sessions: sessions.filter(({ id }) => shown.has(id)).map(({ id, name }) => ({ id, name })) };
  }

  protected override render({ evaluations, more, sessions }: Result, style: Style): string {
    if (evaluations.length === 0) return 'No evaluations match.';
    if (more) this.remark('stui: there are older ones; --limit shows more');
    return historyTable(evaluations, style, sessions && new Map(sessions.map(({ id, name }) => [id, name])));
  }
}

function requestedTime(text: string): string {
  const time = pointInTime(text, new Date());
  if (time === undefined) throw new UsageError(`Not a time: "${text}"`, `Write ${POINT_IN_TIME_FORMS}.`);
  return time;
}
