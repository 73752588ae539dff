/**
 * Builds everything that is run or imported from `dist/`. The new build is made beside the old one and takes its place
 * when it is complete, so that nothing stale remains and a failed build leaves the old one working.
 */
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rename, rm } from 'node:fs/promises';
import { buildBackend, buildEngine } from './build/backend.mjs';
import { buildCommands, buildCore } from './build/core.mjs';
import { DIST, ROOT } from './build/layout.mjs';
import { buildLazyPackages } from './build/lazy-packages.mjs';
import { buildLibrary } from './build/library.mjs';
import { writeLicences } from './build/licences.mjs';
import { writeManifest } from './build/manifest.mjs';

const started = performance.now();
const next = await mkdtemp(`${ROOT}.dist-`);
try {
  await chmod(next, 0o755);
  await buildLazyPackages(next);
  await Promise.all([buildCore(next), buildCommands(next), buildBackend(next), buildEngine(next), buildLibrary(next)]);
  await writeManifest(next);
  await writeLicences(next);
  const previous = `${next}-previous`;
  if (existsSync(DIST)) await rename(DIST, previous);
  await rename(next, DIST);
  await rm(previous, { recursive: true, force: true });
} finally {
  await rm(next, { recursive: true, force: true });
}
console.error(`built dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s`);
