/**
 * `npm run mutations [-- PATTERN]`: makes each deliberate mistake of the list in a copy of the project, and runs the test that
 * has to fail with it. Exits 1 when a test does not see its mistake, when one fails without it, or when a mistake no longer
 * fits the code.
 */
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MUTATIONS } from './list.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const COPIED = ['src', 'test', 'scripts', 'package.json', 'jest.config.js', 'tsconfig.json', 'biome.json'];

/** A mistake may make a test run for ever, which is no failure that says what is wrong. */
const LONGEST_RUN_MS = 300_000;

const pattern = process.argv[2] ?? '';
const chosen = MUTATIONS.filter(({ name, kind, test }) => `${kind} ${name} ${test}`.includes(pattern));
if (chosen.length === 0) fail(`no mutation has "${pattern}" in its kind, name or test`);

const project = await mkdtemp(join(tmpdir(), 'stui-mutations-'));
const problems = [];
try {
  for (const name of COPIED) await cp(join(ROOT, name), join(project, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  await checkUnchanged();
  for (const mutation of chosen) await check(mutation);
} finally {
  await rm(project, { recursive: true, force: true });
}
if (problems.length > 0) fail(problems.join('\n'));
console.log(`${chosen.length} mistakes, each seen by its test`);

/** A test that fails anyway proves nothing. */
async function checkUnchanged() {
  const runs = new Map(chosen.map((mutation) => [JSON.stringify([mutation.test, mutation.only]), mutation]));
  for (const mutation of runs.values()) {
    const { failed, broken, words } = await run(mutation);
    if (failed > 0 || broken) fail(`${mutation.test} fails without any mistake:\n${words}`);
  }
}

async function check(mutation) {
  const originals = new Map();
  try {
    for (const { file, from, to } of mutation.changes) {
      const path = join(project, file);
      const text = await readFile(path, 'utf8');
      if (!originals.has(path)) originals.set(path, text);
      const times = text.split(from).length - 1;
      if (times !== 1) {
        report(
          mutation,
          false,
          `its text is ${times} times in ${file}, and has to be there once: bring the list in step`,
        );
        return;
      }
      await writeFile(
        path,
        text.replace(from, () => to),
      );
    }
    const { failed, broken, words } = await run(mutation);
    if (broken) report(mutation, false, `the test could not be run, which shows nothing:\n${words}`);
    else report(mutation, failed > 0, failed > 0 ? '' : `${mutation.test} does not see it`);
  } finally {
    for (const [path, text] of originals) await writeFile(path, text);
  }
}

function report({ kind, name }, seen, problem) {
  console.log(`${seen ? 'seen    ' : 'NOT SEEN'}  ${kind}: ${name}`);
  if (problem !== '') problems.push(`${name}: ${problem}`);
}

/** @returns how many tests failed, and whether any file could not be run at all */
async function run({ test, only, env = {} }) {
  const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
  const results = join(project, 'results.json');
  const which = only === undefined ? [] : ['--testNamePattern', only];
  const args = [...jest, test, ...which, '--maxWorkers=1', '--json', '--outputFile', results];
  await rm(results, { force: true });
  const words = await new Promise((done, failed) => {
    const child = spawn(process.execPath, args, {
      cwd: project,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: LONGEST_RUN_MS,
      killSignal: 'SIGKILL',
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    child.once('error', failed);
    child.once('close', () => done(said));
  });
  const report = JSON.parse(await readFile(results, 'utf8').catch(() => '{}'));
  // No tests at all is a pattern that fits none.
  const ran = (report.numPassedTests ?? 0) + (report.numFailedTests ?? 0);
  return { failed: report.numFailedTests ?? 0, broken: ran === 0 || report.numRuntimeErrorTestSuites > 0, words };
}

function fail(why) {
  console.error(why);
  process.exit(1);
}
