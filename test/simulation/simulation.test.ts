/**
 * Runs the real client, link, services, dispatcher and sessions in simulated worlds in which everything fails: the
 * promises have to hold in each. STUI_SIMULATION_SEEDS=n runs more or fewer; STUI_SIMULATION_SEED=n replays one and
 * prints what happened in it.
 */
import { describe, expect, it } from '@jest/globals';
import { BROKEN } from './broken.js';
import { findBrokenInFleet } from './fleet.js';
import { findBroken, range } from './search.js';
import { type Report, simulate } from './simulation.js';
import { AS_BUILT } from './variant.js';

const SEEDS = Number(process.env['STUI_SIMULATION_SEEDS'] ?? 10_000);

const REPLAYED = process.env['STUI_SIMULATION_SEED'];

/** A very slow machine takes this long for a seed, in ms. */
const MOST_MS_PER_SEED = 50;

/** A mistake that this many worlds do not show is not looked for well enough. */
const SEEDS_TO_CATCH = 300;

describe('the promises', () => {
  if (REPLAYED === undefined) {
    it(
      `hold in ${SEEDS} simulated worlds`,
      async () => mustHold(await findBrokenInFleet(SEEDS)),
      60_000 + SEEDS * MOST_MS_PER_SEED,
    );
  } else {
    it(`hold in the world of seed ${REPLAYED}`, async () => {
      mustHold(await simulate(Number(REPLAYED), AS_BUILT, (line) => void process.stdout.write(`${line}\n`)));
    });
  }
});

describe('the simulator', () => {
  it('does the same again for the same seed', async () => {
    const seeds = range(1, 50);
    const reports = await Promise.all(seeds.map((seed) => simulate(seed)));
    for (const report of reports) expect(await simulate(report.seed)).toEqual(report);
    expect(new Set(reports.map(({ traceHash }) => traceHash)).size).toBe(seeds.length);
  });

  for (const [name, variant] of Object.entries(BROKEN)) {
    it(`catches ${name}`, async () => {
      expect(await findBroken(range(1, SEEDS_TO_CATCH), variant)).toBeDefined();
    });
  }
});

function mustHold(report: Report | undefined): void {
  if (!report || report.violations.length === 0) return;
  const { seed, violations } = report;
  throw new Error(
    [
      `A promise was broken in the world of seed ${seed}:`,
      ...violations.map((violation) => `- ${violation}`),
      `To see it happen: STUI_SIMULATION_SEED=${seed} npm run jest -- test/simulation`,
    ].join('\n'),
  );
}
