import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { UsageError } from '../../cli/errors.js';
import type { Style } from '../../cli/style.js';
import { BackendCommand, sessionArg } from '../../service/backend-command.js';
import { foundDamage, type Repair, repairSessions, repairStopped } from '../../service/repair.js';
import { repairText } from '../../service/repair-text.js';

export default class SessionRepair extends BackendCommand<Repair> {
  static override summary = 'Bring damaged sessions back to their last good revision.';
  static override description =
    'What is taken out is kept in a file beside the journal. Without an argument every damaged session is repaired. Where ' +
    'the damage keeps the private backend from starting, or with --data-dir, the whole journal is repaired without a ' +
    'backend. Exits 0 when nothing is wrong or all of it was repaired, and 8 when --dry-run finds damage.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --dry-run',
    '<%= config.bin %> <%= command.id %> build-42 --json',
    '<%= config.bin %> <%= command.id %> --data-dir /var/lib/stui --dry-run',
  ];
  static override args = { session: sessionArg(false, 'Defaults to every damaged one.') };
  static override flags = {
    'dry-run': Flags.boolean({ summary: 'Only say what is damaged and what would be done.', default: false }),
    'data-dir': Flags.string({
      summary: 'Data directory of a backend that does not run; its whole journal is repaired.',
    }),
  };

  protected override async execute(): Promise<Repair> {
    const { args, flags } = await this.parse(SessionRepair);
    const { 'data-dir': directory, 'dry-run': dryRun } = flags;
    if (directory !== undefined && args.session !== undefined) {
      throw new UsageError('With --data-dir the whole journal is repaired', 'Leave the session out.');
    }
    const repair =
      directory === undefined
        ? await repairSessions(this.workplace(flags), { session: args.session, dryRun })
        : await repairStopped(resolve(directory), dryRun);
    if (dryRun && foundDamage(repair)) this.exitAs('damaged');
    return repair;
  }

  protected override render(repair: Repair, style: Style): string {
    return repairText(repair, style);
  }
}
