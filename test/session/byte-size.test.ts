import { expect, it } from '@jest/globals';
import { sizeBytes } from '../../src/session/byte-size.js';

it.each([
  ['0B', 0],
  ['1500b', 1_500],
  ['12 B', 12],
  ['500MB', 500e6],
  ['1.5gb', 1.5e9],
  ['64KiB', 65_536],
  ['2 TiB', 2 * 2 ** 40],
])('%s is %d bytes', (text, bytes) => {
  expect(sizeBytes(text)).toBe(bytes);
});

it.each(['', '0', '1500', 'MB', '-1', '1e9', '5 M', '5 minutes', '1,5GB'])('%j is no size', (text) => {
  expect(sizeBytes(text)).toBeUndefined();
});
