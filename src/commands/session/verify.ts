import { Flags } from '@oclif/core';
import { stringArg } from '../../cli/args.js';
import type { Style } from '../../cli/style.js';
import { BackendCommand } from '../../service/backend-command.js';
import {
  exitOfVerification,
  isArchive,
  type Verification,
  verifyArchive,
  verifySession,
} from '../../service/verify.js';
import { verificationText } from '../../service/verify-text.js';

export default class SessionVerify extends BackendCommand<Verification> {
  static override summary = 'Check that a session, or an archive of one, is as it was written.';
  static override description =
    'Checks the hash chain and every snapshot, and exits 8 when something is damaged, saying up to which revision all is ' +
    'good. With --replay the inputs also run again, in a fresh engine that is thrown away: effects that they have outside ' +
    'of it happen again. Exits 4 when only their results differ. An argument that is a file is taken for an archive: give ' +
    'the id of a session that has the name of a file. An archive is checked here; only --replay takes a backend.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> build-42',
    '<%= config.bin %> <%= command.id %> build-42.stui.jsonl.gz --json',
    '<%= config.bin %> <%= command.id %> build-42 --replay',
  ];
  static override args = {
    what: stringArg({
      description:
        'Session, or an archive: a file, or - for stdin. Defaults to STUI_SESSION, then to the current session.',
    }),
  };
  static override flags = {
    replay: Flags.boolean({ summary: 'Run the inputs again, and compare every result with the recorded one.' }),
  };

  protected override async execute(): Promise<Verification> {
    const { args, flags } = await this.parse(SessionVerify);
    const workplace = this.workplace(flags);
    const report =
      args.what !== undefined && isArchive(args.what)
        ? await verifyArchive(workplace, args.what, flags.replay)
        : await verifySession(workplace, workplace.sessionReference(args.what), flags.replay);
    this.exitAs(exitOfVerification(report));
    return report;
  }

  protected override render(report: Verification, style: Style): string {
    return verificationText(report, style);
  }
}
