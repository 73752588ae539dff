/** Runs many seeds, and finds the first that breaks a promise. */
import { type Report, simulate } from './simulation.js';
import { AS_BUILT, type Variant } from './variant.js';

/** Worlds that take turns: each waits for the event loop after every event, and so the loop's own price is shared. */
const AT_ONCE = 16;

/** @returns the report of a broken promise, if there is one; of the lowest seed among those that were found */
export async function findBroken(seeds: readonly number[], variant: Variant = AS_BUILT): Promise<Report | undefined> {
  const left = [...seeds].reverse();
  const broken: Report[] = [];
  const take = async () => {
    for (let seed = left.pop(); seed !== undefined && broken.length === 0; seed = left.pop()) {
      const report = await simulate(seed, variant);
      if (report.violations.length > 0) broken.push(report);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
  return broken.sort((one, other) => one.seed - other.seed)[0];
}

/** @returns first, first + 1 … last */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
