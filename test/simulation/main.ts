/** One process of a fleet: `FIRST LAST STEP` are its seeds; prints the report of the first that breaks a promise, or null. */
import { findBroken } from './search.js';

const [first = 0, last = 0, step = 1] = process.argv.slice(2).map(Number);
const seeds = Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
process.stdout.write(`${JSON.stringify((await findBroken(seeds)) ?? null)}\n`);
