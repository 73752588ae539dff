/** Builds what other programs import: one ES module, and the declarations of its types. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { build } from 'esbuild';
import { BUNDLE, ROOT, SRC } from './layout.mjs';

export async function buildLibrary(dist) {
  if (!existsSync(`${SRC}/index.ts`)) return;
  await Promise.all([bundleLibrary(dist), writeDeclarations(dist)]);
}

async function bundleLibrary(dist) {
  await build({
    ...BUNDLE,
    define: {},
    entryPoints: [`${SRC}/index.ts`],
    format: 'esm',
    outfile: `${dist}/index.js`,
    packages: 'external',
    supported: {},
  });
}

async function writeDeclarations(dist) {
  const compiler = `${ROOT}node_modules/typescript/bin/tsc`;
  const args = [compiler, '-p', 'tsconfig.build.json', '--outDir', `${dist}/types`];
  const [code] = await once(spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' }), 'exit');
  if (code !== 0) throw new Error('the declarations of the library could not be written');
}
