/**
 * Runs the real client, link, dispatcher, sessions and services in simulated worlds in which everything fails: the
 * promises have to hold in each. STUI_SIMULATION_SEEDS=n runs more or fewer; STUI_SIMULATION_SEED=n replays one and
 * prints what happened in it.
 */
import { describe, expect, it } from '@jest/globals';
import { simulate } from './simulation.js';
import { AS_BUILT } from './variant.js';

const SEEDS = Number(process.env['STUI_SIMULATION_SEEDS'] ?? 10_000);

const ONE_SEED = process.env['STUI_SIMULATION_SEED'];

/** A slow machine takes this long for a seed, in ms. */
const MOST_MS_PER_SEED = 50;

describe('the promises', () => {
  const seeds = ONE_SEED === undefined ? range(1, SEEDS) : [Number(ONE_SEED)];
  const print = ONE_SEED === undefined ? undefined : (line: string) => void process.stdout.write(`${line}\n`);

  it(
    `hold in ${seeds.length} simulated worlds`,
    async () => {
      for (const seed of seeds) {
        const { violations } = await simulate(seed, AS_BUILT, print);
        if (violations.length > 0) throw new Error(describeFailure(seed, violations));
      }
    },
    60_000 + seeds.length * MOST_MS_PER_SEED,
  );
});

describe('the simulator', () => {
  it('does the same again for the same seed', async () => {
    for (const seed of range(1, 20)) {
      const first = await simulate(seed);
      expect(await simulate(seed)).toEqual(first);
    }
  });

  it('does something else for another seed', async () => {
    const reports = await Promise.all(range(1, 20).map((seed) => simulate(seed)));
    expect(new Set(reports.map(({ traceHash }) => traceHash)).size).toBe(reports.length);
  });
});

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function describeFailure(seed: number, violations: readonly string[]): string {
  return [
    `A promise was broken in the world of seed ${seed}:`,
    ...violations.map((violation) => `- ${violation}`),
    `To see it happen: STUI_SIMULATION_SEED=${seed} npm run jest -- test/simulation`,
  ].join('\n');
}
