import { randomUUID } from 'node:crypto';
import { Flags } from '@oclif/core';
import { stringArg } from '../../cli/args.js';
import { spanFlag } from '../../cli/duration.js';
import type { Style } from '../../cli/style.js';
import type { SessionSummary } from '../../protocol/documents.js';
import { BackendCommand } from '../../service/backend-command.js';
import { parseLabels } from '../../service/labels.js';
import { sessionFields } from '../../service/session-text.js';
import { MAX_TTL_MS } from '../../session/time-to-live.js';

type Result = SessionSummary & {
  /** Commands that are given no session work in it from now on. */
  readonly current: boolean;
};

export default class SessionCreate extends BackendCommand<Result> {
  static override summary = 'Create a session and make it the current one.';
  static override description =
    'Current in this terminal, and in those where none was chosen or used yet. Where CI is set the current session stays as ' +
    'it is: jobs that run side by side would work in the sessions of others.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> build-42 --label branch=main --ttl 2h',
    'STUI_SESSION=$(<%= config.bin %> <%= command.id %> --json | jq -r .id)',
  ];
  static override args = {
    name: stringArg({ description: 'Name, unique among open sessions. Made up when not given.' }),
  };
  static override flags = {
    label: Flags.string({ summary: 'Label as key=value; can be given several times.', multiple: true, default: [] }),
    ttl: spanFlag({
      summary: 'Close the session after this long without activity.',
      least: 1,
      most: MAX_TTL_MS,
    }),
  };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(SessionCreate);
    const workplace = this.workplace(flags);
    const { session } = await workplace.ask('create_session', {
      client_id: workplace.clientId,
      session_id: randomUUID(),
      name: args.name,
      labels: parseLabels(flags.label),
      ttl_ms: flags.ttl,
    });
    const current = await workplace.makeCurrent(session);
    await workplace.remember(session);
    return { ...session, current };
  }

  protected override render(session: Result, style: Style): string {
    return sessionFields(session, style);
  }
}
