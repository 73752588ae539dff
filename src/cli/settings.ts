import type { Interfaces } from '@oclif/core';
import { CliError } from './errors.js';

/**
 * Where a flag's default comes from when it is not the built-in one.
 * @param flag the flag's long name without dashes
 * @returns the configured value, or undefined when nothing is configured
 */
export type DefaultLookup = (flag: string) => unknown;

/** What a flag's value is taken from where the command line does not give it. */
export interface Surroundings {
  /** Looks up configured defaults, of flags that have a built-in one. */
  readonly lookUp: DefaultLookup;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Replaces the built-in defaults by what the environment or the configuration say; the order stays: command line,
 * environment, configuration, built-in. Nothing is read for a flag that the command line gives. What cannot be used is told
 * by the name under which it was set: the parser would blame the flag, which nobody wrote.
 * @returns flags whose defaults throw CliError `bad-setting` when a value would not be accepted on the command line either
 */
export function withOutsideDefaults(flags: Interfaces.FlagInput, surroundings: Surroundings): Interfaces.FlagInput {
  return Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => {
      if (flag.env === undefined && flag.default === undefined) return [name, flag];
      const outside = async (...context: unknown[]): Promise<unknown> => {
        const found = fromOutside(name, flag, surroundings);
        if (found !== undefined) return accept(found, flag);
        const { default: builtIn } = flag;
        return typeof builtIn === 'function' ? (builtIn as (...given: unknown[]) => unknown)(...context) : builtIn;
      };
      const { env: _, ...others } = flag;
      return [name, { ...others, default: outside } as typeof flag];
    }),
  );
}

interface Setting {
  readonly value: unknown;
  /** What it is called in a message. */
  readonly title: string;
  readonly remedy: string;
}

function fromOutside(
  name: string,
  { env: variable, default: builtIn }: Interfaces.FlagInput[string],
  { env, lookUp }: Surroundings,
): Setting | undefined {
  if (variable !== undefined && env[variable]) {
    return { value: env[variable], title: variable, remedy: `unset ${variable}.` };
  }
  const value = builtIn === undefined ? undefined : lookUp(name);
  if (value === undefined) return undefined;
  const remedy = `change it with "stui config set ${name} <value>", remove it with "stui config unset ${name}".`;
  return { value, title: `The configured default of --${name}`, remedy };
}

async function accept({ value, title, remedy }: Setting, flag: Interfaces.FlagInput[string]): Promise<unknown> {
  const refuse = (reason: string, hint = ''): CliError =>
    new CliError('bad-setting', `${title} cannot be used: ${reason}`, {
      hint: hint === '' ? upperFirst(remedy) : `${hint} Or ${remedy}`,
    });
  if (flag.type === 'boolean') {
    if (typeof value === 'boolean') return value;
    throw refuse('it must be true or false');
  }
  if (typeof value === 'number' && typeof flag.default === 'number') return value;
  if (typeof value !== 'string' && typeof value !== 'number') throw refuse('it must be text or a number');
  const text = String(value);
  if (flag.options !== undefined && !flag.options.includes(text)) {
    throw refuse(`it must be one of ${flag.options.join(', ')}`);
  }
  try {
    // biome-ignore lint/suspicious/noExplicitAny: the parser's context argument is the command itself, unused by ours.
    return await (flag.parse as (input: string, context: any, options: any) => Promise<unknown>)(text, {}, flag);
  } catch (error) {
    if (error instanceof CliError) throw refuse(error.message, error.hint);
    throw refuse(error instanceof Error ? error.message : String(error));
  }
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
