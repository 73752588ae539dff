import { describe, expect, it } from '@jest/globals';
import { MAX_NAME_LENGTH, nameProblem, resolveSession } from '../../src/session/name.js';

describe('nameProblem', () => {
  it.each([
    'work',
    'team/project@host:main+fix_1.2-rc',
    'été 2026',
    '作業',
    '7',
    'a'.repeat(MAX_NAME_LENGTH),
    'constructor',
    '__proto__',
  ])('allows %j', (name) => expect(nameProblem(name)).toBeUndefined());

  it.each([
    '',
    'a'.repeat(MAX_NAME_LENGTH + 1),
    '-rf',
    '.hidden',
    ' ',
    ' a',
    'a ',
    'a\n',
    'a\u001b[31m',
    'a\u2028b',
    'a"b',
    'a\\b',
    'a*',
    '$(id)',
    'a\u0000',
    '\ud800',
    'a\u202eb',
  ])('says why %j is none', (name) => expect(nameProblem(name)).toMatch(/^a session name /));
});

describe('resolveSession', () => {
  const session = (id: string, name: string, closed: string | null = null) => ({ id, name, closed });
  const a = session('aaaa1111', 'work');
  const b = session('aaaa2222', 'play');
  const c = session('bbbb3333', 'work', 'requested');
  const d = session('cccc4444', 'old', 'expired');
  const e = session('dddd5555', 'old', 'expired');
  const f = session('eeee6666', 'aaaa1111');
  const g = session('ffff7777', 'bbbb');
  const all = [a, b, c, d, e, f, g];

  it.each<[string, string, ReturnType<typeof resolveSession<typeof a>>]>([
    ['an exact id', 'bbbb3333', { found: c }],
    ['an exact id before a name', 'aaaa1111', { found: a }],
    ['a name', 'play', { found: b }],
    ['the open one of two of a name', 'work', { found: a }],
    ['a name before the beginning of an id', 'bbbb', { found: g }],
    ['a beginning of an id', 'bbbb3', { found: c }],
    ['no beginning shorter than four characters', 'ccc', 'none'],
    ['several closed ones of a name as ambiguous', 'old', { ambiguous: [d, e] }],
    ['several ids with a beginning as ambiguous', 'aaaa', { ambiguous: [a, b] }],
    ['nothing for what nobody is called', 'nobody', 'none'],
    ['nothing for nothing', '', 'none'],
    ['no name in another case', 'Work', 'none'],
  ])('finds %s', (_, reference, expected) => {
    expect(resolveSession(reference, all)).toEqual(expected);
  });

  it('finds nothing among none', () => expect(resolveSession('work', [])).toBe('none'));

  it('says that two open sessions of a name are ambiguous', () => {
    const twin = session('12345678', 'work');
    expect(resolveSession('work', [a, twin, c])).toEqual({ ambiguous: [a, twin] });
  });
});
