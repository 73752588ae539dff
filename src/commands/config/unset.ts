import { stringArg } from '../../cli/args.js';
import { visibleLine } from '../../cli/terminal-text.js';
import type { PreferenceKey } from '../../local/preference-table.js';
import type { PreferenceSetting } from '../../local/preferences.js';
import { BackendCommand, STARTING_NONE_FLAGS } from '../../service/backend-command.js';

export default class ConfigUnset extends BackendCommand<PreferenceSetting> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary = 'Go back to the default of a preference.';
  static override examples = ['<%= config.bin %> <%= command.id %> timeout'];
  static override args = { key: stringArg({ description: 'Name of the preference.', required: true }) };

  protected override async execute(): Promise<PreferenceSetting> {
    const { args, flags } = await this.parse(ConfigUnset);
    const { preferences } = this.workplace(flags).local;
    await preferences.unset(args.key as PreferenceKey);
    return preferences.setting(args.key as PreferenceKey);
  }

  protected override render({ key, text }: PreferenceSetting): string {
    return `${key} is ${visibleLine(text)}, the default`;
  }
}
