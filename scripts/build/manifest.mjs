/** Writes what the CLI can say, flags and help included, so that no command needs loading to find another one. */
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { ROOT } from './layout.mjs';

/** @param {string} dist a finished build; the manifest lies in it, and so do the paths it contains */
export async function writeManifest(dist) {
  const { Config } = createRequire(`${dist}/`)('./core.cjs').load('@oclif/core');
  const pjson = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8'));
  const config = await Config.load({ root: dist, pjson });
  const [plugin] = config.getPluginsList();
  await writeFile(`${dist}/oclif.manifest.json`, JSON.stringify(plugin.manifest));
}
