import { stringArg } from '../../cli/args.js';
import { visibleLine } from '../../cli/terminal-text.js';
import type { PreferenceKey } from '../../local/preference-table.js';
import type { PreferenceSetting } from '../../local/preferences.js';
import { BackendCommand, STARTING_NONE_FLAGS } from '../../service/backend-command.js';

export default class ConfigGet extends BackendCommand<PreferenceSetting> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary = 'Print the value of a preference.';
  static override examples = ['<%= config.bin %> <%= command.id %> timeout'];
  static override args = { key: stringArg({ description: 'Name of the preference.', required: true }) };

  protected override async execute(): Promise<PreferenceSetting> {
    const { args, flags } = await this.parse(ConfigGet);
    return this.workplace(flags).local.preferences.setting(args.key as PreferenceKey);
  }

  protected override render({ text }: PreferenceSetting): string {
    return visibleLine(text);
  }
}
