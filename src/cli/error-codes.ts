import type { ExitName } from './exit-codes.js';

/**
 * The exit code of every failure that has a name. The layers below know nothing of exit codes: they throw errors that
 * carry a `code`, and this table says how the process ends for it. A code that is not here ends as `unexpected`.
 */
export const EXIT_BY_ERROR_CODE: Readonly<Record<string, ExitName>> = {
  'bad-usage': 'usage',
  'bad-setting': 'usage',
  'command-not-found': 'usage',
  'internal': 'unexpected',
  'interrupted': 'interrupted',
  'terminated': 'terminated',
};
