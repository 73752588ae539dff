/** Where a process may find itself: an old Node, a clone without a build, a user without an account, an odd directory. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { transformSync } from 'esbuild';
import { LAUNCHER } from './built-cli.js';

/** No user of the machine has this id. */
const NOBODY_AT_ALL = 54_321;

const testAsRoot = process.getuid?.() === 0 ? test : test.skip;
const testOnLinux = process.platform === 'linux' ? test : test.skip;

const directories: string[] = [];

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'stui-cli-'));
  directories.push(directory);
  return directory;
}

interface Surroundings {
  readonly env?: Record<string, string>;
  readonly options?: readonly string[];
  readonly launcher?: string;
  readonly node?: string;
  readonly uid?: number;
}

/** Runs Node with nothing but what is given. One that never ends is killed, which the status tells. */
function run(
  args: readonly string[],
  { env = {}, options = [], launcher = LAUNCHER, node = process.execPath, uid }: Surroundings,
) {
  const { status, stdout, stderr } = spawnSync(node, [...options, launcher, ...args], {
    env,
    encoding: 'utf8',
    cwd: '/',
    timeout: 60_000,
    killSignal: 'SIGKILL',
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  return { status, stdout, stderr };
}

describe('a Node that is too old', () => {
  test('is refused in one line', () => {
    const preload = join(temporaryDirectory(), 'pretend.cjs');
    const versions = "{ value: Object.assign({}, process.versions, { node: '18.20.8' }) }";
    writeFileSync(preload, `Object.defineProperty(process, 'versions', ${versions});`);
    const { status, stdout, stderr } = run(['--version'], { options: ['--require', preload] });
    expect({ status, stdout, lines: stderr.trimEnd().split('\n') }).toEqual({
      status: 1,
      stdout: '',
      lines: [expect.stringMatching(/^stui: Node 20 or later is needed/)],
    });
  });

  test('can read the file that refuses it', () => {
    const text = readFileSync(LAUNCHER, 'utf8');
    // The transformation to ES5 fails where there is anything later that it cannot do without.
    expect(transformSync(text, { target: 'es5', minifyWhitespace: true }).code).toBe(
      transformSync(text, { minifyWhitespace: true }).code,
    );
    expect(text).not.toMatch(/,\s*\)|require\('node:/);
  });
});

test('a clone that was not built says so in one line', () => {
  const clone = temporaryDirectory();
  cpSync(join(LAUNCHER, '..'), join(clone, 'bin'), { recursive: true });
  cpSync(join(LAUNCHER, '..', '..', 'package.json'), join(clone, 'package.json'));
  const { status, stdout, stderr } = run(['--version'], { launcher: join(clone, 'bin', 'stui.cjs') });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: `stui: this copy is not built yet; run "npm run build" in ${clone}\n`,
  });
});

describe('a user without an account, and without HOME and SHELL', () => {
  /** Node and stui where everybody may read them: a clone or a Node of root's own is not for others. */
  let installed: { node: string; launcher: string };
  beforeAll(() => {
    const place = temporaryDirectory();
    chmodSync(place, 0o755);
    for (const name of ['bin', 'dist', 'package.json'])
      cpSync(join(LAUNCHER, '..', '..', name), join(place, name), { recursive: true });
    const node = join(place, 'node');
    cpSync(process.execPath, node);
    chmodSync(node, 0o755);
    installed = { node, launcher: join(place, 'bin', 'stui.cjs') };
  });

  testAsRoot('gets the version and the help', () => {
    for (const args of [['--version'], ['--help'], ['eval', '--help']]) {
      const { status, stderr } = run(args, { ...installed, uid: NOBODY_AT_ALL });
      expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: '' });
    }
  });

  testAsRoot('is told what to set', () => {
    const { status, stdout, stderr } = run(['config', 'list'], { ...installed, uid: NOBODY_AT_ALL });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^stui: there is no home directory.*\nSet STUI_HOME.*\n$/);
  });

  testAsRoot('can work where STUI_HOME says', () => {
    const home = temporaryDirectory();
    chmodSync(home, 0o700);
    chownSync(home, NOBODY_AT_ALL, NOBODY_AT_ALL);
    const surroundings = { ...installed, uid: NOBODY_AT_ALL, env: { STUI_HOME: home } };
    expect(run(['config', 'set', 'autostart', 'false'], surroundings)).toMatchObject({ status: 0, stderr: '' });
    expect(run(['config', 'get', 'autostart'], surroundings)).toMatchObject({ status: 0, stdout: 'false\n' });
  });
});

test('a home that is no absolute path is not taken for one', () => {
  expect(run(['config', 'list'], { env: { HOME: '' } })).toMatchObject({ status: 2 });
});

testOnLinux('a command ends where nothing can be made', () => {
  const nowhere = '/proc/stui';
  const { status, stderr } = run(['config', 'set', 'autostart', 'false'], { env: { STUI_HOME: nowhere } });
  expect({ status, lines: stderr.trimEnd().split('\n').length }).toEqual({ status: 7, lines: 2 });
  expect(run(['config', 'list'], { env: { HOME: nowhere, XDG_CACHE_HOME: nowhere } })).toMatchObject({ status: 0 });
});
