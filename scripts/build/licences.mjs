/** Collects the licences of what is bundled: MIT and its like ask that their text goes with every copy. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './layout.mjs';

/** Bundled by the engine's own bundler, which reads the files itself. */
const BUNDLED_ELSEWHERE = ['@ambers/lang'];

const packages = new Set(BUNDLED_ELSEWHERE);

/** A plugin for every bundle: notes which packages its files come from. */
export const noteLicences = {
  name: 'note-licences',
  setup(build) {
    build.initialOptions.metafile = true;
    build.onEnd(({ metafile }) => {
      for (const input of Object.keys(metafile?.inputs ?? {})) {
        const match = /^(?:[^:]+:)?(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
        if (match) packages.add(match[1]);
      }
    });
  },
};

/** Writes what was noted. @throws when a bundled package has no licence text to go with it */
export async function writeLicences(dist) {
  const texts = [...packages].sort().map((name) => {
    const directory = join(ROOT, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    const file = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file && !license) throw new Error(`${name} is bundled and has no licence`);
    const text =
      file && existsSync(join(directory, file)) ? readFileSync(join(directory, file), 'utf8').trim() : license;
    return `${name} ${version}\n\n${text}`;
  });
  await writeFile(join(dist, 'THIRD-PARTY-LICENCES.txt'), `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`);
}
