/** Inputs that hold secrets are written to the journal without them: the journal is kept, exported and passed on. */
import { NAMING_PATTERNS, namesSecret, SECRET_PATTERNS } from './secret-patterns.js';

/** Stands where a secret stood. As Smalltalk it is a block, so code in which it stands outside a string still parses. */
export const REDACTED = '[redacted]';

/** Says where secrets stand; `compileSecretPattern` makes one. */
export interface SecretMatcher {
  secretsIn(code: string): Iterable<Range>;
}

/**
 * Leaves out the secrets in `code`; what surrounds them stays, quotes too. Redacting the result again changes nothing.
 * `extra` patterns hide their first group, or all they match when they have none. A regular expression that a user wrote is
 * to be given compiled by `compileSecretPattern`: as a RegExp it may take any time.
 */
export function redactSecrets(
  code: string,
  extra: readonly (RegExp | SecretMatcher)[] = [],
): { code: string; redacted: boolean } {
  const matchers = [...SECRET_PATTERNS.map(({ pattern }) => matcherOf(pattern)), ...extra.map(ownMatcher)];
  let result = code;
  for (;;) {
    const before = result;
    for (const pattern of NAMING_PATTERNS) result = hide(result, namedSecrets(result, pattern));
    for (const matcher of matchers) result = hide(result, matcher.secretsIn(result));
    // A pattern may match only beside what another one left out. It ends: every round leaves less that is not left out.
    if (result === before) return { code: result, redacted: result !== code };
  }
}

/** Where a secret stands: its first index and the one behind it. */
type Range = readonly [start: number, end: number];

function ownMatcher(given: RegExp | SecretMatcher): SecretMatcher {
  return given instanceof RegExp ? matcherOf(withIndices(given)) : given;
}

function matcherOf(pattern: RegExp): SecretMatcher {
  return { secretsIn: (code) => matchedSecrets(code, pattern) };
}

function withIndices(pattern: RegExp): RegExp {
  return new RegExp(pattern.source, `${pattern.flags.replaceAll(/[dgy]/g, '')}dg`);
}

function* matchedSecrets(code: string, pattern: RegExp): Generator<Range> {
  for (const { indices } of code.matchAll(pattern)) {
    const [whole, ...groups] = indices as RegExpIndicesArray;
    yield groups.find((group) => group !== undefined) ?? (whole as Range);
  }
}

/** A literal with all that is joined to it by commas. An open one goes on to the end: code that does not parse is kept too. */
const LITERAL = /'([^']*(?:''[^']*)*(?:'\s*(?:"[^"]*"\s*)*,\s*(?:"[^"]*"\s*)*'[^']*(?:''[^']*)*)*)/dy;

/** A literal in a string that holds code. Two quotes in front of a space or a separator are an empty one. */
const NESTED_LITERAL = /''([^\s'".;,)\]}!][^']*)''/dy;

function* namedSecrets(code: string, pattern: RegExp): Generator<Range> {
  let literalAt: ((quote: number) => Range | undefined) | undefined;
  // A shared pattern keeps its place between calls.
  pattern.lastIndex = 0;
  for (let match = pattern.exec(code); match; match = pattern.exec(code)) {
    if (!namesSecret(match[1] as string)) continue;
    literalAt ??= literalFinder(code);
    const secret = literalAt(pattern.lastIndex);
    if (!secret) continue;
    yield secret;
    pattern.lastIndex = secret[1];
  }
}

/**
 * @returns what finds the content of a literal that begins at a quote, asked from left to right. A quote that ends a string
 *   begins none: `'token: ' , token`. In comments, and in code with an open quote, any may begin one.
 */
function literalFinder(code: string): (quote: number) => Range | undefined {
  const regions = regionsOf(code);
  const unsure = regions.at(-1)?.open === true;
  let at = 0;
  return (quote) => {
    while ((regions[at]?.end ?? Number.POSITIVE_INFINITY) <= quote) at += 1;
    const region = regions[at];
    const anywhere = unsure || region?.kind === '"';
    const begins = region?.kind === "'" && region.start === quote;
    const inString = region?.kind === "'" && !begins;
    const nested = anywhere || inString ? groupAt(NESTED_LITERAL, code, quote) : undefined;
    return nested ?? (anywhere || begins ? groupAt(LITERAL, code, quote) : undefined);
  };
}

/** A string, a comment or a character; of a string with quotes in it each piece is one. */
interface Region {
  readonly start: number;
  readonly end: number;
  /** Its first character. */
  readonly kind: string;
  readonly open: boolean;
}

function regionsOf(code: string): Region[] {
  return Array.from(code.matchAll(/'[^']*('?)|"[^"]*("?)|\$[\s\S]/g), ({ index, 0: text, 1: quote, 2: mark }) => ({
    start: index,
    end: index + text.length,
    kind: text.charAt(0),
    open: (quote ?? mark) === '',
  }));
}

function groupAt(sticky: RegExp, code: string, index: number): Range | undefined {
  sticky.lastIndex = index;
  return sticky.exec(code)?.indices?.[1];
}

function hide(code: string, secrets: Iterable<Range>): string {
  const parts: string[] = [];
  let at = 0;
  for (const secret of secrets) {
    if (secret[0] === secret[1]) continue;
    const [start, end] = wholeCharacters(code, secret);
    if (start < at) continue;
    parts.push(code.slice(at, start), hidden(code.slice(start, end)));
    at = end;
  }
  parts.push(code.slice(at));
  return parts.join('');
}

/** A range takes in the surrogate pairs and the marks that it would cut. */
function wholeCharacters(code: string, [start, end]: Range): Range {
  return [wholeBefore(code, start), wholeBehind(code, end)];
}

function wholeBefore(code: string, at: number): number {
  const mark = cutMark(code, at);
  if (mark !== undefined) return mark;
  return cutsPair(code, at) ? at - 1 : at;
}

function wholeBehind(code: string, at: number): number {
  const mark = cutMark(code, at);
  if (mark !== undefined) return mark + REDACTED.length;
  return cutsPair(code, at) ? at + 1 : at;
}

/** @returns where a mark begins that goes on across `at`. */
function cutMark(code: string, at: number): number | undefined {
  const from = Math.max(0, at - REDACTED.length + 1);
  const start = code.slice(from, at + REDACTED.length - 1).indexOf(REDACTED);
  return start === -1 ? undefined : from + start;
}

function cutsPair(code: string, at: number): boolean {
  return at > 0 && /^[\ud800-\udbff][\udc00-\udfff]$/.test(code.slice(at - 1, at + 1));
}

/** Between quotes that have no partner in the secret each piece is hidden by itself, so that all of them stay balanced. */
function hidden(secret: string): string {
  if (secret.replaceAll(REDACTED, '').replaceAll(/['"]/g, '') === '') return secret;
  if (isEven(secret, "'") && isEven(secret, '"')) return REDACTED;
  return secret.replaceAll(/[^'"]+/g, REDACTED);
}

function isEven(text: string, character: string): boolean {
  return (text.split(character).length - 1) % 2 === 0;
}
