import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isoTime, parsePoint, pointInTime } from '../../src/session/point-in-time.js';

const now = new Date('2026-02-01T12:00:00.500Z');

describe('pointInTime', () => {
  it.each([
    ['a time in UTC', '2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z'],
    ['a time with a fraction', '2026-01-31T12:00:00.25Z', '2026-01-31T12:00:00.250Z'],
    ['a time with a zone', '2026-01-31T12:00:00+02:00', '2026-01-31T10:00:00.000Z'],
    ['a date as its midnight in UTC', '2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['a time without a zone as local', '2026-01-31T12:00', new Date(2026, 0, 31, 12).toISOString()],
    ['a leap day', '2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['a time with a space, as databases write it', '2026-01-31 12:00:00Z', '2026-01-31T12:00:00.000Z'],
    ['a zone without a colon', '2026-01-31T12:00:00+0200', '2026-01-31T10:00:00.000Z'],
    ['a finer fraction, to the millisecond', '2026-01-31T12:00:00.123456Z', '2026-01-31T12:00:00.123Z'],
    ['the midnight at the end of a day', '2026-01-31T24:00Z', '2026-02-01T00:00:00.000Z'],
    ['minutes ago', '30m', '2026-02-01T11:30:00.500Z'],
    ['hours ago', '2h', '2026-02-01T10:00:00.500Z'],
    ['days ago', '7d', '2026-01-25T12:00:00.500Z'],
    ['part of a second ago', '1.5s', '2026-02-01T11:59:59.000Z'],
    ['milliseconds ago', '500ms', '2026-02-01T12:00:00.000Z'],
  ])('reads %s', (_, text, time) => expect(pointInTime(text, now)).toBe(time));

  it.each([
    '',
    '12',
    '1.5',
    'yesterday',
    '2026',
    '2026-01',
    '2026-13-01',
    '2026-01-31T25:00Z',
    '2026-02-30',
    '2026-02-29',
    '2026-04-31T12:00:00Z',
    '2026-00-10',
    '2026-01-00',
    '2026-01-31junk',
    '2026-01-31 junk',
    '2026-01-31T12:00:00Zjunk',
    '2026-01-31T12:00:00Z junk',
    '2026-01-31T12:00:00 (noon)',
    '2026-01-31T12',
    '2026-01-31T12:60Z',
    '2026-01-31T12:00:61Z',
    '2026-01-31T12:00:00+99:00',
    '2026-01-31T12:00:00.Z',
    ' 2026-01-31',
    '-2h',
    '2 h',
    '2w',
    '2H',
    ' 2h',
  ])('takes %j for no time', (text) => expect(pointInTime(text, now)).toBeUndefined());

  it('takes nothing before the year 0 for a time, however long ago', () => {
    expect(pointInTime('800000d', now)).toBeUndefined();
    expect(pointInTime(`${'9'.repeat(400)}d`, now)).toBeUndefined();
  });

  it('gives a time that sorts as text, or none, for any text', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^\d{1,6}[-.:TZdhms+\d]{0,20}$/));
    fc.assert(
      fc.property(text, (given) => {
        expect(pointInTime(given, now) ?? '2026-02-01T12:00:00.500Z').toMatch(
          /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
        );
      }),
    );
  });
});

describe('parsePoint', () => {
  it.each([
    ['12', { revision: 12 }],
    ['20260131', { revision: 20_260_131 }],
    ['2h', { time: '2026-02-01T10:00:00.500Z' }],
    ['2026-01-31', { time: '2026-01-31T00:00:00.000Z' }],
  ])('reads %s', (text, point) => expect(parsePoint(text, now)).toEqual(point));

  it.each(['', '0', '1.5', '-1', '9007199254740992', 'last'])('refuses %j', (text) => {
    expect(parsePoint(text, now)).toBeUndefined();
  });
});

describe('isoTime', () => {
  it('writes no time that needs more than four digits for its year', () => {
    expect(isoTime(Date.UTC(9999, 11, 31))).toBe('9999-12-31T00:00:00.000Z');
    expect([Date.UTC(10_000), -(10 ** 15), 10 ** 20, Number.NaN].map(isoTime)).toEqual(Array(4).fill(undefined));
  });
});
