import { stringArg } from '../../cli/args.js';
import { ChangeCommand, type ContextChangeResult } from '../../service/workspace/change-command.js';
import { CHANGE_FLAGS } from '../../service/workspace/flags.js';
import { patchIn } from '../../service/workspace/input.js';
import { patchPlaces } from '../../session/patch-places.js';

export default class WorkspaceEditPatch extends ChangeCommand {
  static override summary = 'Change several values of the workspace at once, by a JSON Merge Patch.';
  static override description =
    'A patch (RFC 7396) is an object: null removes, objects merge, everything else replaces. It is merged with what others ' +
    'changed as "workspace set" does, and refused where it would not come back as it is written.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> patch.json',
    `echo '{"preferences": {"font": {"size": 14}, "theme": null}}' | <%= config.bin %> <%= command.id %>`,
  ];
  static override args = { file: stringArg({ description: 'File with the patch. Default: -, which is stdin.' }) };
  static override flags = CHANGE_FLAGS;

  protected override async execute(): Promise<ContextChangeResult> {
    const { args, flags } = await this.parse(WorkspaceEditPatch);
    const patch = await patchIn(args.file ?? '-');
    return this.change(flags, { paths: patchPlaces(patch).map(({ path }) => path), patch: () => patch });
  }
}
