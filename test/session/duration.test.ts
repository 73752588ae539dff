import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { durationMs, durationText } from '../../src/session/duration.js';

describe('durationText', () => {
  it.each([
    [0, '0ms'],
    [1, '1ms'],
    [1_500, '1500ms'],
    [30_000, '30s'],
    [60_000, '1m'],
    [90_000, '90s'],
    [7_200_000, '2h'],
    [86_400_000, '1d'],
  ])('of %d ms has a unit: %s', (ms, text) => expect(durationText(ms)).toBe(text));

  it('is read back as what was written, whatever it is', () => {
    const ms = fc.oneof(
      fc.nat(),
      fc.nat(100_000).map((seconds) => seconds * 1_000),
      fc.nat(10_000).map((hours) => hours * 3_600_000),
    );
    fc.assert(fc.property(ms, (given) => expect(durationMs(durationText(given))).toBe(given)));
  });
});
