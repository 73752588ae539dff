import { stringArg } from '../../cli/args.js';
import { visibleLine } from '../../cli/terminal-text.js';
import type { PreferenceKey } from '../../local/preference-table.js';
import type { PreferenceSetting } from '../../local/preferences.js';
import { BackendCommand, STARTING_NONE_FLAGS } from '../../service/backend-command.js';

/** What the environment says goes before the preference. */
const VARIABLES: Partial<Record<PreferenceKey, string>> = {
  connection: 'STUI_CONNECTION',
  timeout: 'STUI_TIMEOUT',
};

export default class ConfigSet extends BackendCommand<PreferenceSetting> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary = 'Set a preference.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> timeout 2m',
    '<%= config.bin %> <%= command.id %> autostart false',
    `<%= config.bin %> <%= command.id %> secretPatterns '["corp-[0-9]{8}"]'`,
  ];
  static override args = {
    key: stringArg({ description: 'Name of the preference; "stui config list" shows them.', required: true }),
    value: stringArg({ description: 'New value.', required: true }),
  };

  protected override async execute(): Promise<PreferenceSetting> {
    const { args, flags } = await this.parse(ConfigSet);
    const { preferences } = this.workplace(flags).local;
    await preferences.set(args.key as PreferenceKey, args.value);
    const variable = VARIABLES[args.key as PreferenceKey];
    if (variable !== undefined && process.env[variable]) {
      this.remark(`stui: ${variable} is set to ${process.env[variable]}, which goes before the preference`);
    }
    return preferences.setting(args.key as PreferenceKey);
  }

  protected override render({ key, text }: PreferenceSetting): string {
    return `${key} is ${visibleLine(text)}`;
  }
}
