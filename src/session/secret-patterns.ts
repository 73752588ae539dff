/**
 * What a secret looks like: tokens that tell themselves by their form, and names after which a string is one. Every pattern
 * takes linear time: it begins where a run of its characters begins, and no two repetitions in a row share characters, or
 * nothing has to follow them. None is a Unicode one, because V8 repeats those on its backtrack stack; none can split a
 * surrogate pair either, because what bounds a secret is ASCII.
 */

interface SecretPattern {
  readonly name: string;
  /** Its first group is the secret. */
  readonly pattern: RegExp;
  /** Who says that it looks so. */
  readonly source: string;
}

export const SECRET_PATTERNS: readonly SecretPattern[] = [
  {
    name: 'AWS access key id',
    pattern: /(?<![A-Z0-9])((?:AKIA|ASIA)[A-Z0-9]{16})(?![A-Z0-9])/dg,
    source: 'AWS IAM, "IAM identifiers": unique id prefixes',
  },
  {
    name: 'GitHub token',
    // Tokens of installations may carry a JWT, which has dots and hyphens.
    pattern: /((?:gh[oprsu]_\w{36,}|github_pat_\w{22,})(?:[.-][\w-]+)*)/dg,
    source: 'GitHub, "About authentication": token formats',
  },
  {
    name: 'GitLab personal access token',
    pattern: /(glpat-[\w-]{20,}(?:\.\w+)*)/dg,
    source: 'GitLab, "Token overview": token prefixes',
  },
  {
    name: 'Slack token',
    pattern: /(xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,})/dg,
    source: 'Slack API, "Tokens": token types',
  },
  {
    name: 'Stripe live key',
    pattern: /([rs]k_live_[A-Za-z0-9]{16,})/dg,
    source: 'Stripe, "API keys": secret and restricted keys',
  },
  {
    name: 'npm token',
    pattern: /(npm_[A-Za-z0-9]{36})/dg,
    source: 'GitHub changelog, 2021-09: the new npm token format',
  },
  {
    name: 'Google API key',
    pattern: /(AIza[\w-]{35})(?![\w-])/dg,
    source: 'gitleaks, rule gcp-api-key',
  },
  {
    name: 'OpenAI or Anthropic key',
    // Without a digit it is a name with hyphens.
    pattern: /(?<![\w-])(sk-(?=[A-Za-z_-]*\d)[\w-]{20,})/dg,
    source: 'gitleaks, rules openai-api-key and anthropic-api-key',
  },
  {
    name: 'private key',
    // A block that was cut off has no end; what there is of it is secret too.
    pattern: /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----([^'"-]*(?:-(?!----)[^'"-]*)*)/dg,
    source: 'RFC 7468 and RFC 9580, section 6.2: armour',
  },
  {
    name: 'JSON Web Token',
    // `eyJ` is `{"` in base64url.
    pattern: /(?<![\w-])(eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)/dg,
    source: 'RFC 7519, section 3; RFC 7515, section 7.1',
  },
  {
    name: 'credentials of a header',
    // "Basic authentication" is prose: a digit, padding or a capital behind a small letter makes it a token.
    pattern: /(?<!\w)(?:[Bb]earer|BEARER|[Bb]asic|BASIC)\s+((?=[\w.~+/-]*?(?:\d|=|[a-z][A-Z]))[\w.~+/-]{6,}={0,2})/dg,
    source: 'RFC 6750, section 2.1; RFC 7617, section 2',
  },
  {
    name: 'credentials of an Authorization header',
    pattern:
      /(?<!\w)[Aa]uthorization(?::|'{1,2}\s*(?:put:|->|value:|,)\s*'{1,2})\s*(?:[Bb]earer|[Bb]asic|[Tt]oken)\s+([^\s'"]+)/dg,
    source: 'RFC 9110, section 11.6.2',
  },
  {
    name: 'password in a URL',
    // Up to the last @ before the path: people do not always escape the one in a password.
    pattern: /(?<![\w+.-])[A-Za-z][\w+.-]*:\/\/[^\s/?#'":@]*:([^\s/?#'"]*(?:''[^\s/?#'"]*)*)@/dg,
    source: 'RFC 3986, section 3.2.1',
  },
];

/** Places that give a name to the string behind them; the first group is the name. The string itself is not part of them. */
export const NAMING_PATTERNS: readonly RegExp[] = (() => {
  const gap = String.raw`\s*(?:"[^"]*"\s*)*`;
  const letter = String.raw`\w\u0080-\uffff`;
  return [
    // password := 'x', password: 'x'
    `(?<![${letter}])([${letter}]+)(?:${gap}:=|:)${gap}(?=')`,
    // at: #password put: 'x', 'password' -> 'x'
    `(?<![#'])[#']{1,3}([${letter}.-]+)'{0,2}${gap}(?:put:|->)${gap}(?=')`,
  ].map((source) => new RegExp(source, 'g'));
})();

/**
 * What names hold secrets. `secret` and `token` end there, so that `secretary`, `tokenizer` and `tokens` hold none; before
 * them and behind a capital or an underscore anything may stand: `clientSecret`, `token_v2`, `SECRET_KEY`.
 */
const SECRET_NAMES = [
  /password|passwd|passphrase|credential|api[_-]?key|private[_-]?key/i,
  /[Ss]ecrets?(?![a-z])|SECRETS?(?![A-Z])/,
  /[Tt]oken(?![a-z])|TOKEN(?![A-Z])/,
];

/** @returns whether what is called so is a secret. */
export function namesSecret(name: string): boolean {
  return SECRET_NAMES.some((pattern) => pattern.test(name));
}
