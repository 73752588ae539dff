import { describe, expect, it } from '@jest/globals';
import { parseRevision, parseRevisionRange } from '../../src/session/revision-range.js';

describe('parseRevisionRange', () => {
  it.each([
    ['12', { from: 12, to: 12 }],
    ['12..40', { from: 12, to: 40 }],
    ['12..12', { from: 12, to: 12 }],
    ['12..', { from: 12, to: Number.POSITIVE_INFINITY }],
    ['..40', { from: 1, to: 40 }],
    ['last:5', { last: 5 }],
    ['007', { from: 7, to: 7 }],
  ])('reads %s', (text, range) => expect(parseRevisionRange(text)).toEqual(range));

  it.each([
    ...[
      '',
      ' ',
      '..',
      '...',
      '1...2',
      '1..2..3',
      'a',
      '1..a',
      '-5',
      '-1..2',
      '1.5',
      '1..2.5',
      '1e3',
      ' 1',
      '1 ',
      '1\n',
    ],
    ...[
      '0',
      '0..5',
      '..0',
      '40..12',
      'last:',
      'last:0',
      'last:-1',
      'last:1.5',
      'last: 5',
      'LAST:5',
      '9007199254740992',
      '١',
    ],
  ])('refuses %j', (text) => expect(parseRevisionRange(text)).toBeUndefined());
});

describe('parseRevision', () => {
  it('counts from 1, and no further than numbers are exact', () => {
    expect(['0', '1', '9007199254740991', '9007199254740992', '1..2', ''].map(parseRevision)).toEqual([
      undefined,
      1,
      9_007_199_254_740_991,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
