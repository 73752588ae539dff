import { describe, expect, it } from '@jest/globals';
import { sleptBetween } from '../../../src/client/network/sleep.js';

const DUE_MS = 200;

const CASES = [
  { name: 'nothing special', wall: 200, monotonic: 200, cpu: 1, slept: 0 },
  { name: 'a suspended Linux machine', wall: 60_200, monotonic: 200, cpu: 1, slept: 60_000 },
  { name: 'a suspended macOS or Windows machine', wall: 60_200, monotonic: 60_200, cpu: 0, slept: 60_000 },
  { name: 'a process stopped by SIGSTOP for 10 s', wall: 10_200, monotonic: 10_200, cpu: 0, slept: 10_000 },
  { name: 'a nap below the threshold', wall: 2_100, monotonic: 200, cpu: 1, slept: 0 },
  { name: 'a late timer below the threshold', wall: 2_100, monotonic: 2_100, cpu: 0, slept: 0 },
  { name: 'an event loop that computed for 10 s', wall: 10_200, monotonic: 10_200, cpu: 9_900, slept: 0 },
  { name: 'a wall clock set backwards by an hour', wall: -3_599_800, monotonic: 200, cpu: 1, slept: 0 },
  {
    name: 'a wall clock set backwards during a long computation',
    wall: -50_000,
    monotonic: 9_000,
    cpu: 9_000,
    slept: 0,
  },
  { name: 'a wall clock slewed by a time server', wall: 200.1, monotonic: 200, cpu: 1, slept: 0 },
  {
    name: 'a wall clock set forwards, which nothing tells from sleep',
    wall: 5_200,
    monotonic: 200,
    cpu: 1,
    slept: 5_000,
  },
];

describe('the time slept between two looks at the clocks', () => {
  it.each(CASES)('is $slept ms for $name', ({ wall, monotonic, cpu, slept }) => {
    const before = { wall: 1_700_000_000_000, monotonic: 5_000, cpu: 300 };
    const after = { wall: before.wall + wall, monotonic: before.monotonic + monotonic, cpu: before.cpu + cpu };
    expect(sleptBetween(before, after, DUE_MS)).toBe(slept);
  });
});
