import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NAMING_PATTERNS, SECRET_PATTERNS } from '../../src/session/secret-patterns.js';
import { REDACTED, redactSecrets, type SecretMatcher } from '../../src/session/secrets.js';
import { compileSecretPattern, UnsupportedPattern } from '../../src/session/user-pattern.js';

const redact = (code: string, ...extra: (RegExp | SecretMatcher)[]) => redactSecrets(code, extra).code;

/** Made up here, so that no scanner takes this file for a leak. */
const letters = (count: number) => 'aB3dE6gH9j'.repeat(20).slice(0, count);
const tokens: [string, string][] = [
  ['an AWS access key id', `AKIA${'A2B4'.repeat(4)}`],
  ['a temporary AWS access key id', `ASIA${'A2B4'.repeat(4)}`],
  ...['ghp_', 'gho_', 'ghs_', 'ghu_', 'ghr_'].map((prefix): [string, string] => [
    `a GitHub token ${prefix}`,
    prefix + letters(36),
  ]),
  ['a GitHub token with a JWT', `ghs_1234_${letters(40)}.${letters(20)}.${letters(20)}-${letters(9)}`],
  ['a fine-grained GitHub token', `github_pat_${letters(22)}_${letters(59)}`],
  ['a GitLab token', `glpat-${letters(20)}`],
  ['a routable GitLab token', `glpat-${letters(27)}.01.${letters(9)}`],
  ['a Slack token', `xoxb-123456789012-${letters(24)}`],
  ['a refreshable Slack token', `xoxe.xoxp-1-${letters(30)}`],
  ['a Stripe secret key', `sk_live_${letters(24)}`],
  ['a Stripe restricted key', `rk_live_${letters(24)}`],
  ['an npm token', `npm_${letters(36)}`],
  ['a Google API key', `AIza${letters(35)}`],
  ['an OpenAI key', `sk-${letters(48)}`],
  ['an OpenAI project key', `sk-proj-${letters(20)}_${letters(20)}`],
  ['an Anthropic key', `sk-ant-api03-${letters(60)}-${letters(6)}`],
  ['a JWT', `eyJ${letters(20)}.eyJ${letters(30)}.${letters(43)}`],
];

describe('redactSecrets', () => {
  it.each(tokens)('leaves out %s, and nothing else', (_, token) => {
    expect(redactSecrets(`client use: '${token}' . x`)).toEqual({
      code: `client use: '${REDACTED}' . x`,
      redacted: true,
    });
    expect(redact(`"${token}" {${token}}`)).toBe(`"${REDACTED}" {${REDACTED}}`);
  });

  it.each([
    ["password := 'x'", "password := '[redacted]'"],
    ["dbPassword:='it''s'. y := 'z'", "dbPassword:='[redacted]'. y := 'z'"],
    ["password := '''x'''", "password := '[redacted]'"],
    ['password "the old one" := "it\'s" \'x\'', 'password "the old one" := "it\'s" \'[redacted]\''],
    ["password := 'a', 'b' , 'c', d", "password := '[redacted]', d"],
    ["password := 'a\nb'", "password := '[redacted]'"],
    [`'{"a": "x\\n${tokens[2]?.[1]}"}'`, `'{"a": "x\\n[redacted]"}'`],
    ["password := 'abc", "password := '[redacted]"],
    ["don't say password: 'x'", "don't say password: '[redacted]'"],
    ["x := $'. password := 'y'", "x := $'. password := '[redacted]'"],
    ["clé_secret := 'é😀'", "clé_secret := '[redacted]'"],
    ["Login user: 'ann' password: 'x'", "Login user: 'ann' password: '[redacted]'"],
    ["c setPasswd: 'x'; passphrase: 'y'", "c setPasswd: '[redacted]'; passphrase: '[redacted]'"],
    ["d at: #apiToken put: 'x'", "d at: #apiToken put: '[redacted]'"],
    ["d at: 'password' put: 'x'", "d at: 'password' put: '[redacted]'"],
    ["d at: #'api-key' put: 'x'", "d at: #'api-key' put: '[redacted]'"],
    ["{#privateKey -> 'x'. 'a' -> 'b'}", "{#privateKey -> '[redacted]'. 'a' -> 'b'}"],
    ["d at: #a put: 'password := ''x'''", "d at: #a put: 'password := ''[redacted]'''"],
    ["e evaluate: 'd at: ''password'' put: ''x'''", "e evaluate: 'd at: ''password'' put: ''[redacted]'''"],
    ["\"don't: password := 'x'\"", "\"don't: password := '[redacted]'\""],
    ["token := 'x'. TOKEN := 'y'", "token := '[redacted]'. TOKEN := '[redacted]'"],
    ["api_key := 'x'. credentials := 'y'", "api_key := '[redacted]'. credentials := '[redacted]'"],
    ["clientSecret := 'x'. SECRET_KEY := 'y'", "clientSecret := '[redacted]'. SECRET_KEY := '[redacted]'"],
    ["'https://ann:pw@host/x'", "'https://ann:[redacted]@host/x'"],
    ["'redis://:pw@host:1' , 'a@b'", "'redis://:[redacted]@host:1' , 'a@b'"],
    ["'postgres://u:p@ss''w@host'", "'postgres://u:[redacted]@host'"],
    ["h at: 'X-A' put: 'Bearer abc123'", "h at: 'X-A' put: 'Bearer [redacted]'"],
    ["'Authorization: Basic dXNlcjpwYXNz'", "'Authorization: Basic [redacted]'"],
    ["h at: 'Authorization' put: 'Bearer abcdef'", "h at: 'Authorization' put: 'Bearer [redacted]'"],
    [
      "'-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: AES-1\n\nMII=\n-----END RSA PRIVATE KEY-----'",
      "'-----BEGIN RSA PRIVATE KEY-----[redacted]-----END RSA PRIVATE KEY-----'",
    ],
    ["'-----BEGIN PRIVATE KEY-----\nMIIabc'", "'-----BEGIN PRIVATE KEY-----[redacted]'"],
  ])('replaces only the secret part: %s', (code, expected) => {
    expect(redactSecrets(code)).toEqual({ code: expected, redacted: true });
  });

  it.each([
    'token := stream next',
    'password isEmpty',
    "secretary := 'Ann'",
    "tokenizer := 'x'. tokens := 'a b' substrings",
    "password = 'x' ifTrue: ['y']",
    "password := ''. token := ''",
    "login password: '' user: ''",
    "self token; show: 'x'",
    "#(password token) do: [:each | each = 'x']",
    "d at: #password ifAbsent: ['none']",
    "d at: #name put: 'password'",
    "'the password: ' , name , ' (secret)'",
    "Transcript show: 'token: '; show: token; show: 'the ''password'' put: '",
    "x := $'. y := 'password: ' , $' asString",
    "'it''s a token:' , 'a'",
    "'Basic authentication' , 'Bearer of news'",
    "'https://host:8080/a@b' , 'ssh://git@host/x' , 'mailto:a@b'",
    "'task-force-one-hundred-and-2' , 'sk-is-a-long-name-with-hyphens'",
    "'-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----'",
    "'-----BEGIN PRIVATE KEY-----'",
    '#AKIA -> #ghp_short',
    '$\ud83d \udc00 \ud83d',
    "password := '[redacted]'",
    '',
  ])('leaves ordinary code alone: %s', (code) => {
    expect(redactSecrets(code)).toEqual({ code, redacted: false });
  });

  const plainPieces = fc.oneof(
    fc.constantFrom(
      "'",
      "''",
      '"',
      ' ',
      '\n',
      ',',
      '.',
      ':=',
      ': ',
      '#',
      '[',
      ']',
      '@',
      '://',
      '-----',
      '😀',
      '\ud83d',
    ),
    fc.constantFrom(
      'password',
      'token',
      'at: ',
      'put: ',
      'Bearer ',
      'Authorization',
      'https',
      'user:',
      REDACTED,
      'dacted]',
    ),
    fc.constantFrom('-----BEGIN PRIVATE KEY-----', '-----END PRIVATE KEY-----', 'eyJ', 'sk-', 'x1', 'a', '->', '='),
  );
  const pieces = fc.oneof(plainPieces, fc.constantFrom(...tokens.map(([, token]) => token)));
  const codesOf = (piece: fc.Arbitrary<string>) => fc.array(piece, { maxLength: 40 }).map((all) => all.join(''));
  const codes = codesOf(pieces);
  const hostile = [/x/, /.+/, /[ab]*(?=\[)/g, /pass(.)?/i, /\[red/, /dacted\]./, /'.*/s, /(?<=\])./u, /./y, /\ud83d/];
  const patterns = fc.subarray(hostile);

  it('changes nothing when it is done again, whatever the patterns', () => {
    fc.assert(
      fc.property(codes, patterns, (code, extra) => {
        const once = redactSecrets(code, extra);
        expect(once.redacted).toBe(once.code !== code);
        expect(redactSecrets(once.code, extra)).toEqual({ code: once.code, redacted: false });
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps quotes balanced, and surrogate pairs whole', () => {
    const oddQuotes = (text: string) => [...`'"`].map((quote) => text.split(quote).length % 2);
    const lone = (text: string) => text.match(/\p{Surrogate}/gu)?.length ?? 0;
    fc.assert(
      fc.property(codes, patterns, (code, extra) => {
        const result = redact(code, ...extra);
        expect(oddQuotes(result)).toEqual(oddQuotes(code));
        expect(lone(result)).toBeLessThanOrEqual(lone(code));
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves no secret behind, wherever in code it stands', () => {
    fc.assert(
      fc.property(
        codesOf(plainPieces),
        fc.constantFrom(...tokens),
        codesOf(plainPieces),
        (before, [, token], after) => {
          expect(redact(`${before} ${token} ${after}`)).not.toContain(token);
        },
      ),
    );
  });

  it.each([
    ['the first group', /order (\d+)/, 'order 12', `order ${REDACTED}`],
    ['the first group that takes part', /a(x)|b(y)/, 'ax by', `a${REDACTED} b${REDACTED}`],
    ['all that matches when there is no group', /\d+/, '1 a 22', `${REDACTED} a ${REDACTED}`],
    ['the pieces between quotes without partners', /code.*/, "x := 'code 1', y", `x := '${REDACTED}'${REDACTED}`],
    ['whole characters', /[\ude00]/, '😀', REDACTED],
    ['nothing where nothing matches', /a*/, 'b😀', 'b😀'],
  ])('hides of a further pattern %s', (_, pattern, code, expected) => expect(redact(code, pattern)).toBe(expected));

  it('uses a pattern from its beginning each time, and leaves it as it was', () => {
    const pattern = /x/g;
    pattern.lastIndex = 3;
    expect(redact('x    x', pattern)).toBe(`${REDACTED}    ${REDACTED}`);
    expect(pattern.lastIndex).toBe(3);
    expect(redact("password: 'a'")).toBe(redact("password: 'a'"));
  });

  const filled = (text: string, size: number) => text.repeat(Math.ceil(size / text.length));
  const fillings = [
    ...[
      "'",
      '"',
      ' ',
      "''",
      '""',
      'a',
      '-',
      REDACTED,
      '\ud83d',
      "password: '",
      "password:''",
      'password:"',
      "password: '''",
    ],
    ...[
      "#'",
      "'password' put:",
      "a:','a:',",
      "'x',",
      '-eyJ',
      'eyJaaaaaaaaaa.',
      'sk-',
      'ghp_.',
      'AKIA',
      'a://',
      'a://b:@',
    ],
    ...["a://b:''", 'Bearer  ', 'Basic a', '" " ', '-----BEGIN A ', '-----BEGIN PRIVATE KEY-----', "Authorization'"],
  ];

  it.each(fillings)('finishes on much of %j', (text) => {
    for (const head of ['', "password: '", 'password: ', 'a://b:', 'Bearer ', 'eyJ']) {
      expect(redact(head + filled(text, 200_000)).length).toBeGreaterThan(0);
    }
  });

  it.each(["password: '", 'password: ', 'a://b:', 'sk-a'])('has the stack for 4 MB of anything behind %j', (head) => {
    for (const text of ['a', "''", ' ']) expect(redact(head + filled(text, 4_000_000)).length).toBeGreaterThan(0);
  });
});

describe('the patterns', () => {
  it('are each named and sourced, and no two alike', () => {
    expect(new Set(SECRET_PATTERNS.map(({ name }) => name)).size).toBe(SECRET_PATTERNS.length);
    expect(new Set(SECRET_PATTERNS.map(({ pattern }) => pattern.source)).size).toBe(SECRET_PATTERNS.length);
    for (const { source } of SECRET_PATTERNS) expect(source).not.toBe('');
  });

  it('repeat no group that itself begins with a repetition, so that no text can be split in many ways', () => {
    for (const { source } of [...SECRET_PATTERNS.map(({ pattern }) => pattern), ...NAMING_PATTERNS]) {
      expect(source).not.toMatch(/\((?:\?:)?(?:\\.|\[[^\]]*\]|[^\\[(])[*+][)|]*\)[*+]/);
    }
  });
});

describe('compileSecretPattern', () => {
  it.each([
    ['ACME-\\p{L}+', 'ACME-é 1', `${REDACTED} 1`],
    ['ACME-(\\p{L}+)', 'ACME-é 1', `ACME-${REDACTED} 1`],
    ['(?:id=(\\d+)|key=(?<k>\\w+))', 'id=12 key=ab', `id=${REDACTED} key=${REDACTED}`],
    ['\\u00e9\\/[\\w-]{2,}', 'é/a-b c', `${REDACTED} c`],
    ['corp-[0-9]{8}', '😀 corp-12345678 corp-1234567', `😀 ${REDACTED} corp-1234567`],
    ['', 'x', 'x'],
  ])('hides the first group of %j, or all of it', async (pattern, code, expected) => {
    expect(redact(code, await compileSecretPattern(pattern))).toBe(expected);
  });

  it.each(['(', '[', '\\p{Nonsense}', '*', '\\', '(a)\\1', 'a(?=b)', 'a{2000}'])('refuses %j', async (text) => {
    await expect(compileSecretPattern(text)).rejects.toThrow(UnsupportedPattern);
  });

  it('takes linear time where a text can be split in many ways', async () => {
    const code = `${'a'.repeat(50_000)}b`;
    for (const pattern of ['(a+)+$', '(a|aa)+$', '(.*a){12}$', '^(([a-z])+.)+[A-Z]([a-z])+$']) {
      expect(redact(code, await compileSecretPattern(pattern))).toBe(code);
    }
  });
});
