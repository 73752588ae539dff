/**
 * Writes the manuals that are made from the code: man/, docs/commands.md, docs/protocol.md and docs/layout.schema.json,
 * and the list of the manual's pages in package.json. With `--check` nothing is
 * written, and the exit code is 1 when a committed file is not what would be written.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { ROOT } from './build/layout.mjs';
import { readCommandModel, readLayoutSchemas, renderProtocolReference } from './docs/command-model.mjs';
import { renderCommandReference } from './docs/command-reference.mjs';
import { renderLayoutSchema } from './docs/layout-schema.mjs';
import { renderManPages } from './docs/man-page.mjs';

const check = process.argv.includes('--check');
const model = await readCommandModel();
const wanted = new Map([
  ['docs/commands.md', renderCommandReference(model)],
  ['docs/protocol.md', renderProtocolReference()],
  ['docs/layout.schema.json', renderLayoutSchema(readLayoutSchemas())],
]);
const manPages = renderManPages(model);
for (const [name, text] of manPages) wanted.set(`man/${name}`, text);
wanted.set('package.json', await packageWithManPages([...manPages.keys()]));

await mkdir(`${ROOT}man`, { recursive: true });
const superfluous = (await readdir(`${ROOT}man`)).map((name) => `man/${name}`).filter((name) => !wanted.has(name));
const differing = [...superfluous];
for (const [name, text] of wanted) {
  if ((await readFile(ROOT + name, 'utf8').catch(() => undefined)) !== text) differing.push(name);
}

if (check && differing.length > 0) {
  console.error(`Not what the code says: ${differing.join(', ')}. Run "npm run docs".`);
  process.exitCode = 1;
} else if (!check) {
  for (const name of superfluous) await rm(ROOT + name);
  for (const [name, text] of wanted) await writeFile(ROOT + name, text);
}

/** npm links into the manual only those pages that package.json lists one by one. */
async function packageWithManPages(names) {
  const pjson = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8'));
  return `${JSON.stringify({ ...pjson, man: names.sort().map((name) => `man/${name}`) }, null, 2)}\n`;
}
