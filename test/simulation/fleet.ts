/**
 * Many seeds on all cores, in processes of plain Node: inside of a test runner's context, where each look at a global and
 * each promise costs more, a simulation takes twice as long.
 */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { temporaryDirectory } from '../local/temporary.js';
import type { Report } from './simulation.js';

/** @returns the report of the lowest seed that was found to break a promise, if there is one */
export async function findBrokenInFleet(seeds: number): Promise<Report | undefined> {
  const outfile = join(temporaryDirectory(), 'main.mjs');
  await build({
    entryPoints: [new URL('main.ts', import.meta.url).pathname],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Native, and never loaded: the network is simulated.
    external: ['zeromq'],
  });
  const processes = Math.min(availableParallelism(), seeds);
  const reports = await Promise.all(
    Array.from({ length: processes }, async (_, index) => {
      const range = [index + 1, seeds, processes].map(String);
      const { stdout } = await promisify(execFile)(process.execPath, [outfile, ...range]);
      return JSON.parse(stdout) as Report | null;
    }),
  );
  return reports.filter((report) => report !== null).sort((one, other) => one.seed - other.seed)[0];
}
