/** What oclif's parser throws. Its own messages run over several lines and can repeat a misspelt flag's value. */

/** A parse error, with the particulars that say which one it is. */
export interface ParseError extends Error {
  readonly oclif: { readonly exit: 2 };
  /** Unknown flags as typed, or missing or superfluous arguments. */
  readonly flags?: readonly string[];
  readonly args?: readonly (string | { readonly name: string })[];
}

export function isParseError(error: Error): error is ParseError {
  return (error as { oclif?: { exit?: unknown } }).oclif?.exit === 2;
}

export function parseErrorMessage({ message, flags, args }: ParseError): string {
  if (Array.isArray(flags)) return `Unknown ${plural('flag', flags)}: ${flags.map(flagName).join(', ')}`;
  if (Array.isArray(args)) {
    const names = args.map((arg) => (typeof arg === 'string' ? arg : arg.name.toUpperCase()));
    const missing = args.some((arg) => typeof arg !== 'string');
    return `${missing ? 'Missing' : 'Unexpected'} ${plural('argument', names)}: ${names.join(', ')}`;
  }
  return message;
}

/** The parser rewrites the message of whatever a flag's own check throws: only the flag's name is worth keeping. */
export function withoutParserFrame(message: string): string {
  return message
    .replaceAll(/^Parsing (--\S+) \n\t/gm, '$1: ')
    .replaceAll(/\nSee more help with --help/g, '')
    .trim();
}

/** A misspelt `--password=...` or `-p...` must not be repeated with its value. */
function flagName(flag: string): string {
  return flag.startsWith('--') ? (flag.split('=', 1)[0] as string) : flag.slice(0, 2);
}

function plural(noun: string, items: readonly unknown[]): string {
  return items.length === 1 ? noun : `${noun}s`;
}
