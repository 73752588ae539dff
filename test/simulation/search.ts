/** Runs many seeds, and finds the first that breaks a promise. */
import { type Report, simulate } from './simulation.js';
import { AS_BUILT, type Variant } from './variant.js';

/** @returns the report of the first seed that breaks a promise, if there is one */
export async function findBroken(seeds: readonly number[], variant: Variant = AS_BUILT): Promise<Report | undefined> {
  for (const seed of seeds) {
    const report = await simulate(seed, variant);
    if (report.violations.length > 0) return report;
    // A simulation never waits for the real event loop, which has signals and the time limits of tests to look after.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return undefined;
}

/** @returns first, first + 1 … last */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
