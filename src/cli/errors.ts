import { EXIT_BY_ERROR_CODE } from './error-codes.js';
import { EXIT_CODES, type ExitName } from './exit-codes.js';

/** A failure that a user or a script can act on. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exit: ExitName;
  readonly hint: string | undefined;

  /**
   * @param code stable kebab-case name of the failure, e.g. `session-not-found`
   * @param message what happened, one sentence without a trailing full stop
   * @param options.exit how the process ends; by default what {@link EXIT_BY_ERROR_CODE} says for the code
   * @param options.hint what to do next
   */
  constructor(
    readonly code: string,
    message: string,
    options: { exit?: ExitName; hint?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exit = options.exit ?? EXIT_BY_ERROR_CODE[code] ?? 'unexpected';
    this.hint = options.hint;
  }

  get exitCode(): number {
    return EXIT_CODES[this.exit].code;
  }
}

/** The command line, or a setting that stands in for a flag, is wrong: exit 2. */
export class UsageError extends CliError {
  constructor(message: string, hint?: string) {
    super('bad-usage', message, { exit: 'usage', ...(hint === undefined ? {} : { hint }) });
  }
}

/** What a failure looks like to scripts: the `error` member of every failing JSON document. */
export interface FailureReport {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
  readonly hint: string | null;
}

/**
 * Turns anything thrown into what is shown. Only fields that are known to be safe are copied: oclif's parse errors carry
 * the whole parser state, flag values and so secrets included.
 */
export function describeFailure(error: unknown): FailureReport {
  if (error instanceof CliError) return report(error.code, error.message, error.exit, error.hint);
  if (!(error instanceof Error)) return report('internal', String(error), 'unexpected', undefined);
  if (isParseError(error)) return report('bad-usage', parseErrorMessage(error), 'usage', 'Run it with --help.');

  const { code, hint } = error as { code?: unknown; hint?: unknown };
  const exit = typeof code === 'string' ? EXIT_BY_ERROR_CODE[code] : undefined;
  if (exit === undefined) return report('internal', error.message || error.name, 'unexpected', undefined);
  return report(code as string, error.message, exit, typeof hint === 'string' ? hint : undefined);
}

function report(code: string, message: string, exit: ExitName, hint: string | undefined): FailureReport {
  return { code, message, exitCode: EXIT_CODES[exit].code, hint: hint ?? null };
}

interface ParseError extends Error {
  readonly flags?: readonly string[];
  readonly oclif: { readonly exit?: number };
}

function isParseError(error: Error): error is ParseError {
  return (error as { oclif?: { exit?: number } }).oclif?.exit === 2;
}

function parseErrorMessage(error: ParseError): string {
  // An unknown flag is listed with its value (`--password=...`), which may be a secret that was merely misspelt.
  if (error.flags !== undefined) {
    const names = error.flags.map((flag) => flag.split('=', 1)[0]);
    return `Unknown flag${names.length === 1 ? '' : 's'}: ${names.join(', ')}`;
  }
  return error.message.replace(/\nSee more help with --help$/, '').trim();
}
