import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Burst, LONGEST_BURST_MS, SETTLE_MS } from '../../../src/client/network/burst.js';

describe('a burst of changes', () => {
  let now: number;
  let reports: { at: number; detail: string }[];
  let burst: Burst;

  beforeEach(() => {
    jest.useFakeTimers();
    now = 0;
    reports = [];
    burst = new Burst(
      (detail) => reports.push({ at: now, detail }),
      () => now,
    );
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  function pass(ms: number): void {
    for (let step = 0; step < ms; step += 1) {
      now += 1;
      jest.advanceTimersByTime(1);
    }
  }

  it('is reported at once, and once more when it has been quiet for the settle time', () => {
    burst.note(['link up']);
    pass(10);
    burst.note(['address added']);
    pass(10);
    burst.note(['route added']);
    pass(1_000);
    expect(reports).toEqual([
      { at: 0, detail: 'link up' },
      { at: 20 + SETTLE_MS, detail: 'settled: address added; route added' },
    ]);
  });

  it('names its only change again when nothing follows', () => {
    burst.note(['link up']);
    pass(1_000);
    expect(reports.map(({ detail }) => detail)).toEqual(['link up', 'settled: link up']);
  });

  it('is followed by a burst of its own when the network changes later', () => {
    burst.note(['link up']);
    pass(SETTLE_MS);
    burst.note(['link down']);
    expect(reports.map(({ detail }) => detail)).toEqual(['link up', 'settled: link up', 'link down']);
  });

  it('that never ends delays no report for longer than its limit', () => {
    for (let change = 0; change < 100; change += 1) {
      burst.note([`change ${change}`]);
      pass(SETTLE_MS / 2);
    }
    const gaps = reports.map(({ at }, index) => at - (reports[index - 1]?.at ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(LONGEST_BURST_MS);
    expect(reports.length).toBeGreaterThan(10);
  });

  it('names eight changes and counts the others', () => {
    const changes = Array.from({ length: 11 }, (_, index) => `c${index}`);
    burst.note(changes);
    burst.note(changes);
    pass(SETTLE_MS);
    expect(reports.map(({ detail }) => detail)).toEqual([
      'c0; c1; c2; c3; c4; c5; c6; c7; and 3 more',
      'settled: c0; c1; c2; c3; c4; c5; c6; c7; and 3 more',
    ]);
  });

  it('reports nothing more once it is cancelled', () => {
    burst.note(['link up']);
    burst.cancel();
    pass(1_000);
    expect(reports).toHaveLength(1);
  });
});
