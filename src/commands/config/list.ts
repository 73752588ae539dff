import type { Style } from '../../cli/style.js';
import { table } from '../../cli/table.js';
import type { PreferenceSetting } from '../../local/preferences.js';
import { BackendCommand, STARTING_NONE_FLAGS } from '../../service/backend-command.js';

interface Result {
  readonly preferences: readonly PreferenceSetting[];
}

export default class ConfigList extends BackendCommand<Result> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary = 'List preferences with their values and meanings.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  protected override async execute(): Promise<Result> {
    const { flags } = await this.parse(ConfigList);
    return { preferences: this.workplace(flags).local.preferences.list() };
  }

  protected override render({ preferences }: Result, style: Style): string {
    return table(
      preferences,
      [
        { title: 'KEY', value: ({ key }) => key },
        { title: 'VALUE', value: ({ text }) => text },
        { title: '', value: ({ isSet }) => (isSet ? '' : 'default') },
        { title: 'MEANING', value: ({ doc }) => doc },
      ],
      style,
    );
  }
}
