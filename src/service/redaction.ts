/** What the journal keeps of an input that holds secrets. Decided here, so that the secrets go no further than they must. */
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
