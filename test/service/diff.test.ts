import { describe, expect, it } from '@jest/globals';
import { PLAIN } from '../../src/cli/style.js';
import { ProtocolError } from '../../src/protocol/errors.js';
import { type Comparison, diff } from '../../src/service/diff.js';
import { diffText } from '../../src/service/diff-text.js';
import type { Workplace } from '../../src/service/workplace.js';

const NOTHING = { bindings: [], context: [], onlyInA: [], onlyInB: [] };

/** A backend that knows the sessions of `names`, in a home whose current session is `current`. */
function workplace(...names: string[]) {
  const compared: Record<string, unknown>[] = [];
  const fake = {
    sessionReference: (given: string | undefined) => given ?? 'current',
    ask: async (command: string, parameters: Record<string, string>) => {
      if (command === 'diff_sessions') {
        compared.push(parameters);
        return NOTHING;
      }
      const { session_id: id = '' } = parameters;
      if (!names.includes(id)) throw new ProtocolError('SessionNotFound', `No session ${id}`);
      return { session: { id: `id of ${id}` } };
    },
  };
  return { compared, workplace: fake as unknown as Workplace };
}

describe('the sides of a comparison', () => {
  it.each<[string, string | undefined, Record<string, unknown>]>([
    ['one', 'other', { a: 'one', a_at: undefined, b: 'other', b_at: undefined }],
    ['one', undefined, { a: 'one', a_at: undefined, b: 'current', b_at: undefined }],
    ['one@12', undefined, { a: 'one', a_at: 12, b: 'one', b_at: undefined }],
    ['one@12', 'one@14', { a: 'one', a_at: 12, b: 'one', b_at: 14 }],
    ['@12', undefined, { a: 'current', a_at: 12, b: 'current', b_at: undefined }],
    ['user@host@3', 'other', { a: 'user@host', a_at: 3, b: 'other', b_at: undefined }],
    ['build@1', 'build@2', { a: 'id of build@1', a_at: undefined, b: 'build', b_at: 2 }],
  ])('%s and %s', async (first, second, expected) => {
    const { compared, workplace: here } = workplace('build@1');
    expect(await diff(here, first, second)).toEqual({ ...NOTHING, same: true });
    expect(compared).toEqual([expected]);
  });

  it('cannot be at a revision that no session can have', async () => {
    await expect(diff(workplace().workplace, 'one@99999999999999999999', undefined)).rejects.toThrow(
      'as many revisions',
    );
  });
});

const INPUT = {
  key: 'k',
  session: 's',
  revision: 6,
  time: '2026-01-01T00:00:00.000Z',
  client: 'c',
  code: 'x := 2.\rx',
  redacted: false,
  outcome: 'value' as const,
  printString: '2',
  class: 'Number',
  transcript: '',
  durationMs: 1,
  error: null,
  deferred: [],
};

describe('a comparison in words', () => {
  const sides = {
    a: { session: 'aaaaaaaa-0000', name: 'one', revision: 6 },
    b: { session: 'bbbbbbbb-0000', name: 'other', revision: 8 },
    common: 4,
  };

  it('says what only one side has, and what differs', () => {
    const comparison: Comparison = {
      ...sides,
      same: false,
      bindings: [
        { name: 'new', change: 'added', a: null, b: '3' },
        { name: 'old', change: 'removed', a: '4', b: null },
        { name: 'x', change: 'changed', a: '1', b: null },
      ],
      context: [
        { path: ['layout', 'width'], before: 80, after: 100 },
        { path: ['note'], after: 'hi\u001b' },
        {
          path: ['buffers', 'main'],
          before: 'a\nb',
          after: 'a\nc',
          lines: [
            { op: ' ', line: 'a' },
            { op: '-', line: 'b' },
            { op: '+', line: 'c' },
          ],
        },
      ],
      onlyInA: [INPUT],
      onlyInB: [],
    };
    expect(diffText(comparison, PLAIN).split('\n\n')).toEqual([
      'a: one (aaaaaaaa) at revision 6\nb: other (bbbbbbbb) at revision 8\nin common up to revision 4',
      'bindings\n+ new: 3\n- old: 4\n~ x: 1 -> (not known)',
      'context\n~ layout.width: 80 -> 100\n+ note: "hi\\u001b"\nbuffers.main\n   a\n  -b\n  +c',
      'inputs only in a\n-      6  x := 2.',
    ]);
  });

  it('says when there is nothing', () => {
    expect(diffText({ ...sides, ...NOTHING, common: 0, same: true }, PLAIN)).toContain(
      'they have no history in common\nThey do not differ.',
    );
  });
});
