import { stringArg } from '../../cli/args.js';
import { ChangeCommand, type ContextChangeResult } from '../../service/workspace/change-command.js';
import { CHANGE_FLAGS } from '../../service/workspace/flags.js';
import { pathOf } from '../../service/workspace/input.js';
import { patchRemoving } from '../../session/context-path.js';

export default class WorkspaceUnset extends ChangeCommand {
  static override summary = 'Remove a value of the workspace.';
  static override description = 'Where there is none, nothing is changed.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> preferences.font',
    '<%= config.bin %> <%= command.id %> layout --scope user',
  ];
  static override args = {
    path: stringArg({
      description: 'Where, e.g. preferences.font, or as a JSON Pointer, /preferences/font.',
      required: true,
    }),
  };
  static override flags = CHANGE_FLAGS;

  protected override async execute(): Promise<ContextChangeResult> {
    const { args, flags } = await this.parse(WorkspaceUnset);
    const path = pathOf(args.path);
    return this.change(flags, { paths: [path], patch: (context) => patchRemoving(path, context) });
  }
}
