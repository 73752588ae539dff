import { Flags } from '@oclif/core';
import { stringArg } from '../../cli/args.js';
import type { Style } from '../../cli/style.js';
import { BackendCommand } from '../../service/backend-command.js';
import { type Comparison, diff } from '../../service/diff.js';
import { diffText } from '../../service/diff-text.js';

export default class SessionDiff extends BackendCommand<Comparison> {
  static override summary = 'Say how two sessions, or two revisions of one, differ: bindings, context, inputs.';
  static override description =
    'A side is a session, or SESSION@REVISION for how it was; @REVISION alone is a revision of the current session. A ' +
    'session whose name ends like that goes before a revision. Without a second side, a revision is compared with its ' +
    'session as it is, and a session with the current one. Exits 0 whether they differ or not, unless --exit-code.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> build-41 build-42',
    '<%= config.bin %> <%= command.id %> build-42@120',
    '<%= config.bin %> <%= command.id %> build-42@120 build-42@180 --exit-code --json',
  ];
  static override args = {
    a: stringArg({ description: 'Session, or SESSION@REVISION.', required: true }),
    b: stringArg({ description: 'The same, to compare it with.' }),
  };
  static override flags = {
    'exit-code': Flags.boolean({ summary: 'Exit 4 when they differ.' }),
  };

  protected override async execute(): Promise<Comparison> {
    const { args, flags } = await this.parse(SessionDiff);
    const found = await diff(this.workplace(flags), args.a, args.b);
    if (flags['exit-code'] && !found.same) this.exitAs('conflict');
    return found;
  }

  protected override render(found: Comparison, style: Style): string {
    return diffText(found, style);
  }
}
