/** What the journal keeps of an input that holds secrets. Decided here, so that the secrets go no further than they must. */

import { secretBindings } from '../session/secret-bindings.js';
import { compileSecretPattern, redactSecrets } from '../session/secrets.js';
import type { Workplace } from './workplace.js';

/** @returns what a journal is to keep in place of the code, which holds secrets; undefined for code that holds none */
export type Redaction = (code: string) => string | undefined;

export const KEEP_ALL: Redaction = () => undefined;

/** Hides what looks like a secret by itself, and what the user said is one. */
export function redactionOf({ local }: Pick<Workplace, 'local'>): Redaction {
  const sources = local.preferences.get('secretPatterns');
  const patterns = sources.flatMap((source) => compileSecretPattern(source) ?? []);
  return (code) => {
    const { code: kept, redacted } = redactSecrets(code, patterns);
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
