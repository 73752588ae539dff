import type { Interfaces } from '@oclif/core';
import { CliError } from './errors.js';

/**
 * Where a flag's default comes from when it is not the built-in one.
 * @param flag the flag's long name without dashes
 * @returns the configured value, or undefined when nothing is configured
 */
export type DefaultLookup = (flag: string) => unknown;

/**
 * Replaces the built-in defaults by configured ones. Only flags that have a default take part; the order stays: command
 * line, environment, configuration, built-in.
 * @throws CliError `bad-setting` when a configured value would not be accepted on the command line either
 */
export async function withConfiguredDefaults(
  flags: Interfaces.FlagInput,
  lookUp: DefaultLookup,
): Promise<Interfaces.FlagInput> {
  const replaced: Interfaces.FlagInput = { ...flags };
  for (const [name, flag] of Object.entries(flags)) {
    if (flag.default === undefined) continue;
    const setting = lookUp(name);
    if (setting === undefined) continue;
    replaced[name] = { ...flag, default: await accept(name, flag, setting) } as typeof flag;
  }
  return replaced;
}

async function accept(name: string, flag: Interfaces.FlagInput[string], setting: unknown): Promise<unknown> {
  if (flag.type === 'boolean') {
    if (typeof setting === 'boolean') return setting;
    throw badSetting(name, 'it must be true or false');
  }
  if (typeof setting === 'number' && typeof flag.default === 'number') return setting;
  if (typeof setting !== 'string' && typeof setting !== 'number') throw badSetting(name, 'it must be text or a number');
  const text = String(setting);
  if (flag.options !== undefined && !flag.options.includes(text)) {
    throw badSetting(name, `it must be one of ${flag.options.join(', ')}`);
  }
  try {
    // biome-ignore lint/suspicious/noExplicitAny: the parser's context argument is the command itself, unused by ours.
    return await (flag.parse as (input: string, context: any, options: any) => Promise<unknown>)(text, {}, flag);
  } catch (error) {
    throw badSetting(name, error instanceof Error ? error.message : String(error));
  }
}

function badSetting(name: string, reason: string): CliError {
  return new CliError('bad-setting', `The configured default of --${name} cannot be used: ${reason}`, {
    hint: `Change it with "stui config set ${name} <value>" or remove it with "stui config unset ${name}".`,
  });
}
