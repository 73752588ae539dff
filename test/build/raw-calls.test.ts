/** The rules in lint/ that keep raw calls out of src, each at every place where it is to hold, and not where it is not. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';

/** What each rule objects to, one a line. */
const REFUSED = {
  'raw-files': [
    "import { mkdirSync } from 'node:fs';",
    "import { closeSync, renameSync } from 'node:fs';",
    "import { renameSync as move } from 'node:fs';",
    "import { type Stats, fsyncSync } from 'node:fs';",
    "import { writeFileSync } from 'node:fs';",
    "import { createWriteStream } from 'node:fs';",
    "import { mkdir } from 'node:fs/promises';",
    "import { rename } from 'node:fs/promises';",
    "import { homedir } from 'node:os';",
    "import { userInfo } from 'node:os';",
  ],
  signals: ['process.kill(1);', "process.kill(1, 'SIGTERM');"],
  stdin: ['readFileSync(0);', "readFileSync(0, 'utf8');", 'readSync(0, bytes);'],
  'whole-modules': [
    "import * as all from 'node:fs';",
    "import all from 'node:child_process';",
    "export * from 'node:fs';",
    "export { renameSync } from 'node:fs';",
    "const fs = await import('node:fs/promises');",
    "const os = require('node:os');",
  ],
} as const;

type Rule = keyof typeof REFUSED;

const ALLOWED = [
  "import { closeSync, type Stats } from 'node:fs';",
  "import { readFile } from 'node:fs/promises';",
  "import { tmpdir } from 'node:os';",
  'child.kill();',
  'readFileSync(1);',
  "const zlib = await import('node:zlib');",
];

/** Where a rule is not to hold: with the reason in the rule's own file. */
const EXCEPTIONS: Readonly<Record<Rule, readonly string[]>> = {
  'raw-files': ['src/files/probe.ts', 'src/local/outbox.ts', 'src/local/outbox/probe.ts'],
  signals: ['src/files/probe.ts', 'src/process/probe.ts'],
  stdin: ['src/files/probe.ts'],
  'whole-modules': ['src/engine/embedded/child/probe.ts'],
};

const RULES = Object.keys(REFUSED) as Rule[];
const LINES = [...Object.values(REFUSED).flat(), ...ALLOWED];
const FOLDERS = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
const PLACES = [
  ...new Set([
    'src/index.ts',
    ...FOLDERS.flatMap(({ name }) => [`src/${name}/probe.ts`, `src/${name}/deep/er/probe.ts`]),
    ...Object.values(EXCEPTIONS).flat(),
  ]),
];

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path: string; readonly start: { readonly line: number } };
}

/** The lines objected to, by place. */
const objections = new Map<string, string[]>();

beforeAll(() => {
  const project = mkdtempSync(join(tmpdir(), 'stui-raw-calls-'));
  try {
    copyFileSync('biome.json', join(project, 'biome.json'));
    cpSync('lint', join(project, 'lint'), { recursive: true });
    for (const place of PLACES) {
      mkdirSync(dirname(join(project, place)), { recursive: true });
      writeFileSync(join(project, place), `${LINES.join('\n')}\n`);
    }
    const args = ['lint', '--only=plugin', '--max-diagnostics=none', '--reporter=json', '--vcs-enabled=false', 'src'];
    const { stdout } = spawnSync(resolve('node_modules/.bin/biome'), args, { cwd: project, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] };
    for (const { category, location } of diagnostics.filter((each) => each.category === 'plugin')) {
      expect(category).toBe('plugin');
      const place = location.path.replaceAll('\\', '/');
      objections.set(place, [...(objections.get(place) ?? []), LINES[location.start.line - 1] as string]);
    }
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
});

describe.each(PLACES)('%s', (place) => {
  test('has no raw call, but for those that are its business', () => {
    // A folder that is an exception is one at every depth.
    const isException = (rule: Rule) =>
      EXCEPTIONS[rule].some((one) => one === place || (one.endsWith('/probe.ts') && place.startsWith(dirname(one))));
    const expected = RULES.filter((rule) => !isException(rule)).flatMap((rule) => REFUSED[rule]);
    expect([...new Set(objections.get(place) ?? [])].sort()).toEqual([...expected].sort());
  });
});
