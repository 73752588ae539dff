import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assignedNames } from '../../src/session/assigned-names.js';

describe('assignedNames', () => {
  it.each<[string, string, string[]]>([
    ['each name once, in order of first assignment', 'b := 1. a := 2. b := 3', ['b', 'a']],
    ['chained assignments', 'a := b := 1', ['a', 'b']],
    ['no space', 'a:=1', ['a']],
    ['line ends and comments before the sign', 'a "the total" "of all"\r\n := 1', ['a']],
    ['globals', 'Registry := 1', ['Registry']],
    ['names with digits and underscores', 'a_1 := _b2 := 1', ['a_1', '_b2']],
    ['letters of other scripts, whole', 'été := größe := 1', ['été', 'größe']],
    ['temporaries and names in blocks: it is an upper bound', '| t | t := 1. [ u := 2 ]', ['t', 'u']],
    ['not strings', "x foo: 'a := 1' bar: 'it''s b := 2'", []],
    ['not comments', '"a := 1" x', []],
    ['not character literals', 'x := $\'. y := $". z := $$', ['x', 'y', 'z']],
    ['not what is only read', 'a foo: b', []],
    ['not keywords', 'a at: 1 put: b', []],
    ['what follows an unclosed string is in it', "a := 'b := 1", ['a']],
    ['what follows an unclosed comment is in it', 'a := 1. "b := 1', ['a']],
    ['nothing in nothing', '', []],
  ])('%s', (_, code, names) => {
    expect(assignedNames(code)).toEqual(names);
  });

  it('is not kept long by a source of megabytes that is made to be slow', () => {
    const length = 2_000_000;
    for (const piece of ["'", '"', '$', 'a', ' ', 'a ', '"" ', "''", 'a "', ':', 'a:']) {
      expect(assignedNames(`a${piece.repeat(length / piece.length)}`).length).toBeLessThanOrEqual(1);
    }
  });

  it('finds an assignment whatever stands before it, as long as that is closed', () => {
    const closed = fc.constantFrom("'it''s'", '"c"', '$x', '#a', 'foo', '3', '.', ' ', '\n', '[', ']', '^');
    fc.assert(
      fc.property(fc.array(closed), (parts) => {
        expect(assignedNames(`${parts.join(' ')}. wanted := 1`)).toEqual(['wanted']);
      }),
    );
  });
});
