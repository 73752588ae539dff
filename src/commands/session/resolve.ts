import { Flags } from '@oclif/core';
import { stringArg } from '../../cli/args.js';
import { UsageError } from '../../cli/errors.js';
import { visibleLine } from '../../cli/terminal-text.js';
import type { Conflict } from '../../protocol/documents.js';
import { BackendCommand, ifRevisionFlag, sessionFlag } from '../../service/backend-command.js';
import { resolveConflict } from '../../service/workspace/resolution.js';
import { formatPath } from '../../session/context-path.js';
import type { JsonObject } from '../../session/json.js';

interface Result {
  readonly session: string;
  readonly revision: number;
  readonly conflict: Conflict;
  readonly context: JsonObject;
}

export default class SessionResolve extends BackendCommand<Result> {
  static override summary = 'Decide a conflict of the workspace.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 3f2a91bc --theirs',
    '<%= config.bin %> <%= command.id %> 3f2a91bc --file merged.st --session build-42',
  ];
  static override args = {
    conflict: stringArg({ description: 'Id of the conflict, or a unique beginning of it.', required: true }),
  };
  static override flags = {
    session: sessionFlag,
    ours: Flags.boolean({ summary: 'Keep what the session has.' }),
    theirs: Flags.boolean({ summary: 'Take what came.' }),
    union: Flags.boolean({
      summary: 'Keep what both have: of texts the lines, of arrays the elements, of objects the members.',
    }),
    file: Flags.string({
      summary: 'Take the value in this file, or on stdin for -: text for the buffer, else JSON; null removes.',
    }),
    'if-revision': ifRevisionFlag,
  };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(SessionResolve);
    const choices = (['ours', 'theirs', 'union', 'file'] as const).filter((choice) => flags[choice]);
    const [choice] = choices;
    if (choice === undefined || choices.length > 1) {
      throw new UsageError('Say one of --ours, --theirs, --union and --file');
    }
    const workplace = this.workplace(flags);
    return resolveConflict(workplace, {
      session: workplace.sessionReference(flags.session),
      conflict: args.conflict,
      decision: choice === 'file' ? { file: flags.file as string } : choice,
      ifRevision: flags['if-revision'],
    });
  }

  protected override render({ conflict, revision }: Result): string {
    return `Decided ${visibleLine(formatPath(conflict.path))} at revision ${revision}`;
  }
}
