/** Bundles the scripts of children/, as Node 20 does not run TypeScript. */
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { temporaryDirectory } from '../temporary.js';

/** @returns the path of the bundle */
export function bundle(script: string): string {
  const outfile = join(temporaryDirectory(), `${script}.mjs`);
  const source = resolve(`test/local/outbox/children/${script}.ts`);
  const options = ['--bundle', '--platform=node', '--format=esm', '--log-level=error'];
  execFileSync(resolve('node_modules/.bin/esbuild'), [source, ...options, `--outfile=${outfile}`]);
  return outfile;
}
