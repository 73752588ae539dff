/** A watch is left running for days, so nothing of it may grow with the outages it lives through. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const MOST_GROWTH_BYTES = 5 * 1024 * 1024;

/** `require` for the CommonJS packages inside an ES module bundle. */
const BANNER = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

interface Measure {
  readonly heapBytes: number;
  readonly timers: number;
  readonly lanes: number;
  readonly listeners: number;
  readonly handles: number;
}

interface Week {
  readonly hour: Measure;
  readonly week: Measure;
  readonly seen: Readonly<Record<string, number>>;
  readonly causes: readonly string[];
  readonly left: number;
  readonly phase: string;
  readonly totals: { readonly outages: number; readonly attempts: number };
  readonly afterStop: number;
}

/** In a process of its own: jest's own memory would hide ours, and the collector can be called there. */
function liveThroughWeek(directory: string): Week {
  const outfile = join(directory, 'week.mjs');
  const source = resolve('test/service/watch/children/week.ts');
  const options = ['--bundle', '--platform=node', '--format=esm', '--log-level=error', '--external:zeromq'];
  execFileSync(resolve('node_modules/.bin/esbuild'), [
    source,
    ...options,
    `--banner:js=${BANNER}`,
    `--outfile=${outfile}`,
  ]);
  const home = join(directory, 'home');
  return JSON.parse(execFileSync(process.execPath, ['--expose-gc', outfile, home], { encoding: 'utf8' })) as Week;
}

describe('a watch of a connection that flaps for a week', () => {
  let directory = '';
  let week: Week;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'stui-week-'));
    week = liveThroughWeek(directory);
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('lives through outages of every kind, hundreds of each', () => {
    expect(week.causes).toEqual(['disconnect', 'refused', 'silence']);
    expect(week.totals.outages).toBeGreaterThan(1_000);
    expect(week.totals.attempts).toBeGreaterThan(100_000);
    expect(week.phase).toBe('healthy');
  });

  it('keeps its memory flat within 5 MB from the first hour on', () => {
    expect(week.week.heapBytes - week.hour.heapBytes).toBeLessThan(MOST_GROWTH_BYTES);
  });

  it('ends the week with the timers, sockets, listeners and handles of its first hour', () => {
    const { heapBytes: _, ...hour } = week.hour;
    expect(week.week).toMatchObject({ lanes: 1, listeners: hour.listeners, handles: hour.handles });
    // The next ping, the next tick, and the next look of the test.
    expect(week.week.timers).toBeLessThanOrEqual(3);
    expect(week.afterStop).toBe(0);
  });

  it('accounts for every outage once, and for every evaluation that was queued meanwhile', () => {
    const { outages, queued, deliveredLate, answeredFromJournal, lost } = week.seen;
    expect(outages).toBe(week.totals.outages);
    expect(queued).toBeGreaterThan(50);
    expect({ lost, left: week.left }).toEqual({ lost: 0, left: 0 });
    expect((deliveredLate ?? 0) + (answeredFromJournal ?? 0)).toBe(queued);
  });
});
