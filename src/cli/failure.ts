/** Turns anything thrown into what is shown: the one place where errors of all layers become exit codes. */
import { EXIT_BY_ERROR_CODE, MEANING_OF_ERROR_TYPE } from './error-codes.js';
import { CliError } from './errors.js';
import { EXIT_CODES, type ExitName } from './exit-codes.js';
import { inWords } from './parameter-words.js';
import { isParseError, parseErrorMessage, withoutParserFrame } from './parse-error.js';

/** What a failure looks like to scripts: the `error` member of every failing JSON document. */
export interface FailureReport {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
  readonly hint: string | null;
}

/** Only fields that are known to be safe are copied: oclif's errors carry all flag values, secrets included. */
export function describeFailure(error: unknown): FailureReport {
  if (error instanceof CliError) return report(error.code, error.message, error.exit, error.hint);
  if (!(error instanceof Error)) return report('internal', String(error), 'unexpected');
  if (isParseError(error)) return report('bad-usage', parseErrorMessage(error), 'usage', 'Run it with --help.');

  const { code, type, hint } = error as { code?: unknown; type?: unknown; hint?: unknown };
  const hintText = typeof hint === 'string' ? hint : undefined;
  if (typeof code === 'string' && Object.hasOwn(EXIT_BY_ERROR_CODE, code)) {
    return report(code, error.message, EXIT_BY_ERROR_CODE[code] as ExitName, hintText);
  }
  if (typeof type === 'string' && Object.hasOwn(MEANING_OF_ERROR_TYPE, type)) {
    const { exit, hint: remedy } = MEANING_OF_ERROR_TYPE[type as keyof typeof MEANING_OF_ERROR_TYPE];
    const message = type === 'InvalidParameters' ? inWords(error.message) : error.message;
    return report(kebabCase(type), message, exit, remedy);
  }
  return report('internal', error.message || error.name, 'unexpected', 'Run it again with STUI_LOG=debug to see more.');
}

function report(code: string, message: string, exit: ExitName, hint?: string): FailureReport {
  return { code, message: withoutParserFrame(message), exitCode: EXIT_CODES[exit].code, hint: hint ?? null };
}

function kebabCase(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
}
