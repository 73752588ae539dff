import { EXIT_BY_ERROR_CODE } from './error-codes.js';
import { EXIT_CODES, type ExitName } from './exit-codes.js';

/** A failure that a user or a script can act on. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly exit: ExitName;
  readonly hint: string | undefined;

  /**
   * @param code stable kebab-case name of the failure, e.g. `session-not-found`
   * @param message what happened, one sentence without a full stop
   * @param options.exit how the process ends; by default what {@link EXIT_BY_ERROR_CODE} says for the code
   * @param options.hint what to do next
   */
  constructor(
    readonly code: string,
    message: string,
    options: { exit?: ExitName; hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exit = options.exit ?? EXIT_BY_ERROR_CODE[code] ?? 'unexpected';
    this.hint = options.hint;
  }

  get exitCode(): number {
    return EXIT_CODES[this.exit].code;
  }
}

/** The command line is wrong: exit 2. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';

  constructor(message: string, hint?: string) {
    super('bad-usage', message, { hint });
  }
}
