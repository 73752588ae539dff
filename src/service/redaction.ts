/** What the journal keeps of an input that holds secrets. Decided here, so that the secrets go no further than they must. */
import { CliError, UsageError } from '../cli/errors.js';
import { secretBindings } from '../session/secret-bindings.js';
import { redactSecrets, type SecretMatcher } from '../session/secrets.js';
import { compileSecretPattern, UnsupportedPattern } from '../session/user-pattern.js';
import type { Workplace } from './workplace.js';

/** @returns what a journal is to keep in place of the code, which holds secrets; undefined for code that holds none */
export type Redaction = (code: string) => string | undefined;

export const KEEP_ALL: Redaction = () => undefined;

/** Longest that patterns of the user may look at one code, in ms: one match takes linear time, many take many times that. */
const MAX_LOOKING_MS = 10_000;

/**
 * Hides what looks like a secret by itself, and what the user said is one.
 * @throws {UsageError} for a pattern that an earlier version took and this one cannot use: left out, it would hide nothing
 */
export async function redactionOf(
  { local }: Pick<Workplace, 'local'>,
  monotonicMs: () => number = () => performance.now(),
): Promise<Redaction> {
  const patterns = await compiled(local.preferences.get('secretPatterns'));
  return (code) => {
    const until = monotonicMs() + MAX_LOOKING_MS;
    const limited = patterns.map((pattern) => ({
      secretsIn: (text: string) => inTime(pattern, text, until, monotonicMs),
    }));
    const { code: kept, redacted } = redactSecrets(code, limited);
    return redacted ? kept : undefined;
  };
}

/** @returns the bindings that the user wants to be left unsaved when this code gives them its secrets; undefined for none */
export function unsavedBindings(
  { local }: Pick<Workplace, 'local'>,
  recordAs: string | undefined,
): string[] | undefined {
  if (recordAs === undefined || local.preferences.get('secretBindings') === 'save') return undefined;
  const names = secretBindings(recordAs);
  return names.length > 0 ? names : undefined;
}

/** What is said when code that held secrets ran: where they are kept all the same. */
export function secretsRemark({ local }: Pick<Workplace, 'local'>, recordAs: string): string {
  const names = secretBindings(recordAs);
  const kept = 'stui: the code holds secrets; the journal keeps it with [redacted] in their place';
  if (names.length === 0) return `${kept}, but what it answers, prints or binds is kept`;
  const list = names.join(', ');
  if (local.preferences.get('secretBindings') === 'leave-unsaved') {
    return `${kept}, and ${list} unsaved: what it answers or prints is kept, and what else it reached`;
  }
  return (
    `${kept}, but the value of ${list} is saved with the session and is in its exports; ` +
    '"stui config set secretBindings leave-unsaved" prevents that from the next evaluation on'
  );
}

async function compiled(sources: readonly string[]): Promise<SecretMatcher[]> {
  try {
    return await Promise.all(sources.map(compileSecretPattern));
  } catch (error) {
    if (!(error instanceof UnsupportedPattern)) throw error;
    throw new UsageError(
      `The preference secretPatterns cannot be used: ${error.message}`,
      "Set it without that pattern: stui config set secretPatterns '[…]'; or give --no-redact to keep everything.",
    );
  }
}

function* inTime(pattern: SecretMatcher, code: string, until: number, monotonicMs: () => number) {
  for (const secret of pattern.secretsIn(code)) {
    if (monotonicMs() > until) {
      throw new CliError(
        'redaction-too-slow',
        `The preference secretPatterns takes longer than ${MAX_LOOKING_MS} ms here`,
        {
          hint: 'Make its patterns match less, or give --no-redact to keep everything.',
        },
      );
    }
    yield secret;
  }
}
