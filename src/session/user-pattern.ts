/**
 * Regular expressions that a user wrote, run by an engine that takes linear time: with V8's, one that splits a text in many
 * ways takes years, and nothing can stop it.
 */
import type { SecretMatcher } from './secrets.js';

/** It is no regular expression, or has what takes more than linear time: a backreference, or a look around. */
export class UnsupportedPattern extends Error {
  override readonly name = 'UnsupportedPattern';
}

/**
 * Compiles a pattern for `redactSecrets`: the syntax of RE2 (https://github.com/google/re2/wiki/Syntax), with JavaScript's
 * escapes. Loads its engine when first asked: 40 ms that only those take who have patterns.
 * @throws {UnsupportedPattern}
 */
export async function compileSecretPattern(text: string): Promise<SecretMatcher> {
  const { RE2JS } = await import('re2js');
  try {
    const pattern = RE2JS.compile(RE2JS.translateRegExp(text));
    return {
      *secretsIn(code) {
        const matcher = pattern.matcher(code);
        while (matcher.find()) yield secretOf(matcher);
      },
    };
  } catch (error) {
    throw new UnsupportedPattern(`"${text}" is no regular expression that can be used: ${(error as Error).message}`);
  }
}

interface Match {
  groupCount(): number;
  start(group?: number): number;
  end(group?: number): number;
}

/** The first group that matched, or all of it. */
function secretOf(match: Match): readonly [start: number, end: number] {
  for (let group = 1; group <= match.groupCount(); group += 1) {
    if (match.start(group) >= 0) return [match.start(group), match.end(group)];
  }
  return [match.start(), match.end()];
}
