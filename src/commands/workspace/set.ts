import { Flags } from '@oclif/core';
import { stringArg } from '../../cli/args.js';
import { ChangeCommand, type ContextChangeResult } from '../../service/workspace/change-command.js';
import { CHANGE_FLAGS } from '../../service/workspace/flags.js';
import { givenValue, pathOf } from '../../service/workspace/input.js';
import { patchSetting } from '../../session/context-path.js';

export default class WorkspaceSet extends ChangeCommand {
  static override summary = 'Set a value of the workspace.';
  static override description =
    'The value is JSON where it parses as JSON, else text; that of the buffer is always text. JSON that would not come back ' +
    'as it is written is refused: a number such as 12345678901234567890 or 1e400, a name twice in one object. --text, or ' +
    'quotes in the JSON, keep it as a text.\n\n' +
    'What others changed since you last saw the workspace is merged with it, of the buffer by lines; where both changed the ' +
    'same, the session keeps what it had, yours is kept beside it, and the command exits 4.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> buffer -f Counter.st',
    '<%= config.bin %> <%= command.id %> preferences.font.size 14 --scope user',
    '<%= config.bin %> <%= command.id %> layout -f layout.json --session build-42',
    'git diff | <%= config.bin %> <%= command.id %> buffer -',
    '<%= config.bin %> <%= command.id %> preferences.ticket 12345678901234567890 --text',
  ];
  static override args = {
    path: stringArg({
      description: 'Where, e.g. preferences.font, or as a JSON Pointer, /preferences/font.',
      required: true,
    }),
    value: stringArg({
      description: 'New value, or - to read it from stdin. Write -- before one that begins with a dash.',
    }),
  };
  static override flags = {
    ...CHANGE_FLAGS,
    file: Flags.string({ char: 'f', summary: 'Read the value from this file, or - for stdin.' }),
    text: Flags.boolean({ summary: 'Take the value as text, also where it would be JSON.' }),
  };

  protected override async execute(): Promise<ContextChangeResult> {
    const { args, flags } = await this.parse(WorkspaceSet);
    const path = pathOf(args.path);
    const value = await givenValue(path, { value: args.value, file: flags.file, asText: flags.text });
    return this.change(flags, { paths: [path], patch: (context) => patchSetting(path, value, context) });
  }
}
