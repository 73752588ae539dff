import { describe, expect, test } from '@jest/globals';
import { durationFlag, formatDuration, parseDuration, spanFlag } from '../../src/cli/duration.js';
import { UsageError } from '../../src/cli/errors.js';

describe('a duration', () => {
  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1.5s', 1_500],
    ['0s', 0],
    [' 10s ', 10_000],
  ])('is read: %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', 's', '-5s', '5 s', '5w', '1e3', '0x10', '5s5m', 'NaN', '90', '1.5', '0'])(
    'is refused as usage when it is none: %j',
    (text) => {
      expect(() => parseDuration(text)).toThrow(UsageError);
    },
  );

  test.each(['90', '1.5', '0'])('without a unit is refused with the forms that have one: %s', (text) => {
    expect(() => parseDuration(text)).toThrow(
      expect.objectContaining({
        message: `Not a duration: "${text}"`,
        hint: `Say its unit: ${text}ms, ${text}s, ${text}m, ${text}h or ${text}d.`,
      }),
    );
  });

  test('is refused beyond what a flag allows, with what it allows', async () => {
    const context = [{}, {}] as unknown as [never, never];
    const parse = (text: string): Promise<number | undefined> => {
      const flag = durationFlag({ least: 1, most: 86_400_000 });
      return flag.parse(text, context[0], flag as never);
    };
    await expect(parse('0s')).rejects.toThrow('Too short: 0s. The least is 1ms');
    await expect(parse('2d')).rejects.toThrow('Too long: 2d. The most is 1d');
    expect(await parse('1ms')).toBe(1);
    expect(await parse('24h')).toBe(86_400_000);
  });

  test('to wait for is refused when a timer could not, and a span may be of any length', async () => {
    const context = [{}, {}] as unknown as [never, never];
    await expect(durationFlag().parse('25d', ...context)).rejects.toThrow(/24 days/);
    expect(await durationFlag().parse('24d', ...context)).toBe(24 * 86_400_000);
    expect(await spanFlag().parse('90d', ...context)).toBe(90 * 86_400_000);
  });

  test.each([
    [0, '0 ms'],
    [850, '850 ms'],
    [1_500, '1.5 s'],
    [9_960, '10.0 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [125_000, '2 min 5 s'],
    [12_000_000, '3 h 20 min'],
    [90_000_000, '1 d 1 h'],
  ])('of %d ms is written as a person would', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
