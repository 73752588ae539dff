/** Builds the backend's process, and the engine it starts, beside the CLI that starts it. */
import { mkdir, rm } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { BUNDLE, NATIVE_PACKAGES, SRC } from './layout.mjs';
import { noteLicences } from './licences.mjs';

export async function buildBackend(dist) {
  await build({
    ...BUNDLE,
    entryPoints: [`${SRC}/backend/main.ts`],
    external: NATIVE_PACKAGES,
    outfile: `${dist}/backend.cjs`,
    plugins: [noteLicences],
  });
}

/** The engine's bundler is part of its source; it is compiled to be run here, once. */
export async function buildEngine(dist) {
  const bundler = `${dist}/engine/bundler.mjs`;
  await mkdir(`${dist}/engine`, { recursive: true });
  await build({
    ...BUNDLE,
    format: 'esm',
    entryPoints: [`${SRC}/engine/embedded/bundle.ts`],
    packages: 'external',
    outfile: bundler,
  });
  const { buildEngineBundle } = await import(pathToFileURL(bundler).href);
  await buildEngineBundle(`${dist}/engine/embedded.cjs`);
  await rm(bundler);
}
