import { Flags } from '@oclif/core';
import { durationFlag } from '../../cli/duration.js';
import { BackendCommand, STARTING_NONE_FLAGS } from '../../service/backend-command.js';
import { type BackendCondition, waitForBackend } from '../../service/waiting.js';

interface Result {
  readonly connection: string;
  readonly endpoint: string;
  readonly condition: BackendCondition;
  readonly waitedMs: number;
}

const DEFAULT_PATIENCE_MS = 60_000;

export default class WaitBackend extends BackendCommand<Result> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary = 'Wait until a backend answers, or does so no more.';
  static override description =
    'Starts none. A backend that is not there is waited for, unless --must-exist. Exits 6 when the time is over.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --connection ci --timeout 2m',
    '<%= config.bin %> <%= command.id %> --for stopped',
  ];
  static override flags = {
    for: Flags.option({
      summary: 'What to wait for.',
      options: ['healthy', 'stopped'] as const,
      default: 'healthy' as const,
    })(),
    timeout: durationFlag({ summary: 'How long to wait; 60s when not given.' }),
    'must-exist': Flags.boolean({ summary: 'Fail with exit code 5 at once when nobody answers.' }),
  };

  protected override async execute(): Promise<Result> {
    const { flags } = await this.parse(WaitBackend);
    const workplace = this.workplace({ ...flags, autostart: false });
    const patience = flags.timeout ?? DEFAULT_PATIENCE_MS;
    const waitedMs = await waitForBackend(workplace, flags.for, patience, flags['must-exist']);
    return { connection: workplace.connection, endpoint: workplace.endpoint, condition: flags.for, waitedMs };
  }

  protected override render({ endpoint, condition }: Result): string {
    return `${endpoint} is ${condition}`;
  }
}
