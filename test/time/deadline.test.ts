import { describe, expect, it } from '@jest/globals';
import { DEADLINE_STEP_MS, Deadline, type DeadlineClock, STOPPED_AFTER_MS } from '../../src/time/deadline.js';

/** Time that a test lets pass, and time in which nothing of this process ran. */
class HandClock implements DeadlineClock {
  #timersRun = 0;
  readonly #timers = new Set<{ readonly at: number; readonly task: () => void }>();

  constructor(private time = 1_000) {}

  readonly now = (): number => this.time;
  readonly after = (ms: number, task: () => void): (() => void) => {
    const timer = { at: this.time + ms, task };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  get waiting(): number {
    return this.#timers.size;
  }

  pass(ms: number): void {
    const until = this.time + ms;
    for (let due = this.#due(until); due; due = this.#due(until)) {
      this.#timers.delete(due);
      this.#timersRun += 1;
      if (this.#timersRun > 10_000) throw new Error(`time stands still at ${this.time}`);
      this.time = Math.max(this.time, due.at);
      due.task();
    }
    this.time = until;
  }

  /** The process is stopped; what was due meanwhile is due at once afterwards. */
  stop(ms: number): void {
    this.time += ms;
  }

  #due(until: number) {
    return [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
  }
}

function deadline(limitMs: number) {
  const clock = new HandClock();
  let expired = 0;
  const it = new Deadline(limitMs, () => (expired += 1), clock);
  return { clock, it, times: () => expired };
}

describe('a deadline', () => {
  it.each([1, DEADLINE_STEP_MS, 10_000, 10_001])(
    'of %d ms expires after them, once, and waits for nothing more',
    (limit) => {
      const { clock, it, times } = deadline(limit);
      clock.pass(limit - 1);
      expect(times()).toBe(0);
      clock.pass(1);
      expect([times(), it.expired, it.remainingMs, clock.waiting]).toEqual([1, true, 0, 0]);
      clock.pass(100_000);
      expect(times()).toBe(1);
    },
  );

  it('does not expire because the process was stopped for longer than it', () => {
    const { clock, it, times } = deadline(10_000);
    clock.pass(4_000);
    clock.stop(3_600_000);
    clock.pass(0);
    expect(times()).toBe(0);
    expect(it.elapsedMs).toBeLessThanOrEqual(4_000 + DEADLINE_STEP_MS);
    clock.pass(5_500);
    expect(times()).toBe(0);
    clock.pass(500);
    expect(times()).toBe(1);
  });

  it('leaves a step for what came while the process was stopped, however little was left', () => {
    const { clock, times } = deadline(10_000);
    clock.pass(9_999);
    clock.stop(60_000);
    clock.pass(DEADLINE_STEP_MS - 1);
    expect(times()).toBe(0);
    clock.pass(1);
    expect(times()).toBe(1);
  });

  it('says what is left without what the process was stopped for, before its next step comes', () => {
    const { clock, it } = deadline(10_000);
    clock.pass(4_100);
    clock.stop(3_600_000);
    expect(it.remainingMs).toBeGreaterThanOrEqual(10_000 - 4_100 - DEADLINE_STEP_MS);
  });

  it('expires in time when the event loop is always late', () => {
    const { clock, times } = deadline(10_000);
    for (let round = 0; round < 20; round += 1) {
      clock.stop(DEADLINE_STEP_MS + STOPPED_AFTER_MS / 4);
      clock.pass(0);
    }
    expect(times()).toBe(1);
  });

  it('expires even when every step of it is a stop', () => {
    const { clock, it } = deadline(1_000);
    for (let round = 0; round < 5; round += 1) {
      clock.stop(10_000);
      clock.pass(0);
    }
    clock.pass(DEADLINE_STEP_MS);
    expect(it.expired).toBe(true);
  });

  it('expires although the fractions that its clock counts do not add up', () => {
    const clock = new HandClock(2962.864865276149);
    let expired = 0;
    const it = new Deadline(1934.8663680216785, () => (expired += 1), clock);
    clock.pass(1_936);
    expect(expired).toBe(1);
    expect(it.remainingMs).toBe(0);
  });

  it('has nothing left when its last timer came early by a fraction', () => {
    let fire = () => {};
    let now = 0;
    const it = new Deadline(100, () => {}, {
      now: () => now,
      after: (_, task) => {
        fire = task;
        return () => {};
      },
    });
    now = 99.4;
    fire();
    expect([it.expired, it.remainingMs]).toEqual([true, 0]);
  });

  it('never expires once it is cancelled, keeps what it counted, and waits for nothing', () => {
    const { clock, it, times } = deadline(10_000);
    clock.pass(1_000);
    it.cancel();
    clock.pass(100_000);
    expect([times(), it.expired, it.elapsedMs, clock.waiting]).toEqual([0, false, 1_000, 0]);
  });

  it('without a limit counts and never expires', () => {
    const { clock, it, times } = deadline(Number.POSITIVE_INFINITY);
    clock.pass(1_000_000);
    expect([times(), it.elapsedMs]).toEqual([0, 1_000_000]);
  });
});
