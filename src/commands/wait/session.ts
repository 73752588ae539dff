import { Flags } from '@oclif/core';
import { durationFlag } from '../../cli/duration.js';
import { visibleLine } from '../../cli/terminal-text.js';
import type { SessionSummary } from '../../protocol/documents.js';
import { BackendCommand, STARTING_NONE_FLAGS, sessionArg } from '../../service/backend-command.js';
import { waitForSession } from '../../service/waiting.js';

const DEFAULT_PATIENCE_MS = 60_000;

export default class WaitSession extends BackendCommand<SessionSummary> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary = 'Wait until a session is idle, open or closed.';
  static override description =
    'Idle: everything accepted has its outcome. A session or backend that is not there is waited for, unless ' +
    '--must-exist. Exits 6 when the time is over.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> build-42 --timeout 10m',
    '<%= config.bin %> <%= command.id %> build-42 --for closed --json',
  ];
  static override args = { session: sessionArg(false) };
  static override flags = {
    for: Flags.option({
      summary: 'What to wait for.',
      options: ['idle', 'open', 'closed'] as const,
      default: 'idle' as const,
    })(),
    timeout: durationFlag({ summary: 'How long to wait; 60s when not given.' }),
    'must-exist': Flags.boolean({ summary: 'Fail at once when there is no such session, or nobody answers.' }),
  };

  protected override async execute(): Promise<SessionSummary> {
    const { args, flags } = await this.parse(WaitSession);
    const workplace = this.workplace({ ...flags, autostart: false });
    const reference = workplace.sessionReference(args.session);
    const patience = flags.timeout ?? DEFAULT_PATIENCE_MS;
    return waitForSession(workplace, reference, flags.for, patience, flags['must-exist']);
  }

  protected override render({ name, revision, state }: SessionSummary): string {
    return `${visibleLine(name)} is ${state} and at revision ${revision}`;
  }
}
