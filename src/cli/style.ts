/** How the words of a text are set off. Each function returns its argument unchanged when colours are off. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  name(text: string): string;
}

const asIs = (text: string): string => text;

export const PLAIN: Style = { bold: asIs, dim: asIs, good: asIs, warn: asIs, bad: asIs, name: asIs };

/** What decides about colours, passed in so that the decision can be tested. */
export interface ColourSituation {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTTY: boolean;
}

/** FORCE_COLOR overrules NO_COLOR (https://no-color.org), as in Node itself; otherwise a terminal is what counts. */
export function wantsColour({ env, isTTY }: ColourSituation): boolean {
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if (env['NO_COLOR']) return false;
  return isTTY && env['TERM'] !== 'dumb';
}

/** @returns the style for a stream; chalk is loaded only when it will be used. */
export async function loadStyle(situation: ColourSituation): Promise<Style> {
  if (!wantsColour(situation)) return PLAIN;
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return {
    bold: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
    good: (text) => chalk.green(text),
    warn: (text) => chalk.yellow(text),
    bad: (text) => chalk.red(text),
    name: (text) => chalk.cyan(text),
  };
}
