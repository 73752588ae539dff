/**
 * The build that is measured: a copy, so that a build made meanwhile changes nothing in the middle of a run, with its
 * dependencies linked beside it.
 */
import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export async function copyInstallation(scope) {
  const root = scope.directory();
  for (const part of ['bin', 'dist', 'package.json']) await cp(join(ROOT, part), join(root, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return {
    launcher: join(root, 'bin', 'stui.cjs'),
    backend: join(root, 'dist', 'backend.cjs'),
    engine: join(root, 'dist', 'engine', 'embedded.cjs'),
    /** V8's startup snapshot of the engine is built once for all benchmarks. */
    engineCache: join(root, 'engine-cache'),
    sources: await bundleSources(root),
  };
}

async function bundleSources(root) {
  const outfile = join(root, 'sources.mjs');
  await build({
    entryPoints: [join(ROOT, 'test', 'bench', 'sources.ts')],
    bundle: true,
    format: 'esm',
    logLevel: 'warning',
    outfile,
    packages: 'external',
    platform: 'node',
    target: 'node20',
  });
  return import(pathToFileURL(outfile).href);
}
