/** The arrows between the folders of src/, as the lint rule in biome.json holds them. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';

/** Each folder, and all it may import from. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  session: [],
  files: [],
  process: [],
  time: [],
  protocol: ['files', 'session'],
  journal: ['files', 'session', 'time'],
  engine: ['files', 'process', 'session', 'time'],
  backend: ['engine', 'files', 'journal', 'process', 'protocol', 'session', 'time'],
  cli: ['files', 'process', 'protocol', 'session', 'time'],
  client: ['files', 'process', 'protocol', 'session', 'time'],
  local: ['files', 'process', 'protocol', 'session', 'time'],
  service: ['cli', 'client', 'files', 'local', 'process', 'protocol', 'session', 'time'],
  commands: ['cli', 'client', 'files', 'local', 'process', 'protocol', 'service', 'session', 'time'],
};

/** Packages that only some folders may know. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  zeromq: ['backend', 'client'],
  conf: ['local'],
  '@oclif/core': ['cli', 'commands', 'service'],
  libsql: ['journal'],
  'node:child_process': ['process'],
};

const FOLDERS = Object.keys(ARROWS);

/** One file a folder and depth, which imports one thing a line. */
const MODULES = FOLDERS.map((folder) => `${folder}/some-module.js`);
const SPECIFIERS = [...MODULES, ...Object.keys(PACKAGES)];
const DEPTHS = ['', 'deep/'];

/** What the rule objects to, by folder; each of them at every depth, or the test could not tell. */
const forbidden = new Map<string, string[]>();

beforeAll(() => {
  const project = mkdtempSync(join(tmpdir(), 'stui-arrows-'));
  try {
    copyFileSync('biome.json', join(project, 'biome.json'));
    cpSync('lint', join(project, 'lint'), { recursive: true });
    for (const folder of FOLDERS) for (const depth of DEPTHS) writeProbe(project, folder, depth);
    const args = [
      'lint',
      '--only=style/noRestrictedImports',
      '--max-diagnostics=none',
      '--reporter=json',
      '--vcs-enabled=false',
    ];
    const { stdout } = spawnSync(resolve('node_modules/.bin/biome'), args, { cwd: project, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] };
    for (const folder of FOLDERS) forbidden.set(folder, objections(diagnostics, folder));
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
});

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path: string; readonly start: { readonly line: number } };
}

function writeProbe(project: string, folder: string, depth: string): void {
  const directory = join(project, 'src', folder, depth);
  mkdirSync(directory, { recursive: true });
  const up = depth === '' ? '../' : '../../';
  const lines = SPECIFIERS.map((specifier) => `import '${MODULES.includes(specifier) ? up : ''}${specifier}';\n`);
  writeFileSync(join(directory, 'probe.ts'), lines.join(''));
}

function objections(diagnostics: readonly Diagnostic[], folder: string): string[] {
  const linesAt = (depth: string): number[] =>
    diagnostics
      .filter(({ location }) => location.path.replaceAll('\\', '/') === `src/${folder}/${depth}probe.ts`)
      .map(({ location }) => location.start.line);
  const [shallow, deep] = DEPTHS.map((depth) => linesAt(depth).sort((a, b) => a - b));
  expect(deep).toEqual(shallow);
  return (shallow as number[]).map((line) => SPECIFIERS[line - 1] as string).sort();
}

test('every folder of src has its arrows', () => {
  const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).sort()).toEqual([...FOLDERS].sort());
});

describe.each(FOLDERS)('src/%s', (folder) => {
  const mayImport = [folder, ...(ARROWS[folder] as readonly string[])];

  test('may import what its arrows point to, and nothing else of ours', () => {
    const expected = FOLDERS.filter((other) => !mayImport.includes(other)).map((other) => `${other}/some-module.js`);
    expect(forbidden.get(folder)?.filter((specifier) => MODULES.includes(specifier))).toEqual(expected.sort());
  });

  test('may import only the packages that are its business', () => {
    const expected = Object.keys(PACKAGES).filter((name) => !PACKAGES[name]?.includes(folder));
    expect(forbidden.get(folder)?.filter((specifier) => !MODULES.includes(specifier))).toEqual(expected.sort());
  });
});
