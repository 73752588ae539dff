/** What every command that talks to a backend extends: the flags that say which one, and a workplace to do it in. */
import { Flags } from '@oclif/core';
import { stringArg } from '../cli/args.js';
import { StuiCommand } from '../cli/base-command.js';
import { UsageError } from '../cli/errors.js';
import { visible, visibleInStyle } from '../cli/terminal-text.js';
import { stuiPaths } from '../local/paths.js';
import { PREFERENCE_KEYS, type PreferenceKey } from '../local/preference-table.js';
import { openLocalState } from '../local/state.js';
import { Workplace } from './workplace.js';

/** Flags of every command that talks to a backend. */
export const BACKEND_FLAGS = {
  connection: Flags.string({
    char: 'c',
    summary: 'Connection to use.',
    description: 'The name of a connection made with "stui connection add", or "local" for the private backend.',
    env: 'STUI_CONNECTION',
    helpGroup: 'GLOBAL',
  }),
  autostart: Flags.boolean({
    summary: 'Start the private backend if it does not run.',
    allowNo: true,
    default: true,
    helpGroup: 'GLOBAL',
  }),
};

/** Flags of commands that never start a backend: whoever asks for that is told so, rather than left with nothing. */
export const STARTING_NONE_FLAGS = {
  connection: BACKEND_FLAGS.connection,
  autostart: Flags.boolean({
    summary: 'Of no use here: no backend is started.',
    allowNo: true,
    default: false,
    hidden: true,
    parse: async (isGiven) => {
      if (!isGiven) return false;
      throw new UsageError('This command starts no backend', 'Start it with "stui backend start --detach".');
    },
  }),
};

/** `--session`, for commands whose arguments say something else. */
export const sessionFlag = Flags.string({
  char: 's',
  summary: 'Session to work in: an id, a name, or a unique beginning of an id.',
  description: 'Defaults to STUI_SESSION, then to the current session.',
});

/** `--if-revision`, for commands that change a session. */
export const ifRevisionFlag = Flags.integer({
  summary: 'Do nothing, and exit 4, unless the session is at this revision.',
  helpValue: '<revision>',
  min: 0,
});

/** The session as a positional argument. */
export const sessionArg = (required: boolean, otherwise = 'Defaults to STUI_SESSION, then to the current one.') =>
  stringArg({
    description: `Session id, name, or unique beginning of an id.${required ? '' : ` ${otherwise}`}`,
    required,
  });

export abstract class BackendCommand<T = unknown> extends StuiCommand<T> {
  static override baseFlags = BACKEND_FLAGS;

  #workplace: Workplace | undefined;

  protected override async init(): Promise<void> {
    await super.init();
    useConfiguredDefaults();
  }

  /** Opens the workplace that the flags describe; it is closed when the command ends. */
  protected workplace(flags: { connection?: string | undefined; autostart: boolean }): Workplace {
    this.#workplace = openWorkplace(flags);
    return this.#workplace;
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    await this.#workplace?.close();
    await super.finally(error);
  }

  /** Says something besides the result, on stderr. Nothing with `--json`: the document has it. */
  protected remark(text: string): void {
    this.remarkInStyle(visible(text));
  }

  /** The same for a text that is coloured, and whose quotations have been made fit for a terminal already. */
  protected remarkInStyle(text: string): void {
    if (this.jsonEnabled()) return;
    process.stderr.write(`${process.stderr.isTTY ? visibleInStyle(text) : text}\n`);
  }
}

export function openWorkplace(flags: { connection?: string | undefined; autostart: boolean }): Workplace {
  return new Workplace({
    env: process.env,
    connection: flags.connection || undefined,
    autostart: flags.autostart,
    warn: (message) => process.stderr.write(`stui: ${visible(message)}\n`),
  });
}

/** Lets preferences stand in for flags that were not given. */
export function useConfiguredDefaults(): void {
  StuiCommand.lookUpDefault ??= (flag) => {
    if (!PREFERENCE_KEYS.includes(flag as PreferenceKey)) return undefined;
    const local = openLocalState(stuiPaths(process.env), { warn: () => {} });
    const setting = local.preferences.setting(flag as PreferenceKey);
    if (!setting.isSet) return undefined;
    return flag === 'timeout' ? `${setting.value}ms` : setting.value;
  };
}
