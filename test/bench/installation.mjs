/**
 * The build that is measured: a copy, so that a build made meanwhile changes nothing in the middle of a run, with its
 * dependencies linked beside it.
 */
import { cp, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export async function copyInstallation(scope) {
  const root = scope.directory();
  for (const part of ['bin', 'dist', 'package.json']) await cp(join(ROOT, part), join(root, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const sources = await bundle(root, 'test/bench/sources.ts');
  return {
    launcher: join(root, 'bin', 'stui.cjs'),
    backend: join(root, 'dist', 'backend.cjs'),
    engine: join(root, 'dist', 'engine', 'embedded.cjs'),
    /** V8's startup snapshot of the engine is built once for all benchmarks. */
    engineCache: join(root, 'engine-cache'),
    sources: await import(pathToFileURL(sources).href),
    /** For processes of their own. */
    sourcesBundle: sources,
    networkClient: await bundle(root, 'test/faults/network-client.ts'),
  };
}

/** @returns the bundle's path, beside the dependencies */
async function bundle(root, script) {
  const outfile = join(root, `${basename(script, '.ts')}.mjs`);
  await build({
    entryPoints: [join(ROOT, script)],
    bundle: true,
    format: 'esm',
    logLevel: 'warning',
    outfile,
    packages: 'external',
    platform: 'node',
    target: 'node20',
  });
  return outfile;
}
