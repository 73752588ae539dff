/**
 * What one command costs, as multiples of `node -e 0` in the same run: absolute times say more about the machine than
 * about the program.
 */
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBackend } from './backend-process.mjs';
import { median, rounded } from './statistics.mjs';

const REPORTER = fileURLToPath(new URL('report-cpu-time.cjs', import.meta.url));

/** Odd, so that the median has as many measurements above it as below. */
const ROUNDS = 21;

/** The first run of each command compiles it and leaves V8's code cache; the first evaluation starts an engine. */
const WARM_UP_ROUNDS = 2;

const COMMANDS = {
  version: ['--version', '--json'],
  configGet: ['config', 'get', 'timeout', '--json'],
  status: ['status', '--json'],
  evaluate: ['eval', '3 + 4', '--json', '--no-autostart'],
};

/** @returns median CPU and wall time of each command: in milliseconds, and as multiples of those of `node -e 0` */
export async function benchStartup({ scope, installation }) {
  const home = scope.directory();
  const env = { STUI_HOME: home };
  const data = join(home, 'data', 'backend');
  const run = join(home, 'run');
  for (const path of [data, run]) await mkdir(path, { recursive: true, mode: 0o700 });
  // Where the commands look for the private backend, but ending with this benchmark whatever happens.
  const { client } = await startBackend(scope, installation, data, `ipc://${run}/backend.sock`);
  client.close();
  const stui = (args) => cost(scope, [installation.launcher, ...args], env);
  await stui(['session', 'create', 'bench', '--no-autostart']);

  const variants = Object.entries(COMMANDS).map(([name, args]) => [name, () => stui(args)]);
  variants.unshift(['node', () => cost(scope, ['-e', '0'], env)]);
  const samples = Object.fromEntries(variants.map(([name]) => [name, []]));
  // Interleaved, so that a busy moment of the machine strikes all variants alike.
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    for (const [name, measure] of variants) {
      const cost = await measure();
      if (round >= 0) samples[name].push(cost);
    }
  }

  const medians = Object.entries(samples).map(([name, costs]) => [
    name,
    { cpuMs: median(costs.map(({ cpuMs }) => cpuMs)), wallMs: median(costs.map(({ wallMs }) => wallMs)) },
  ]);
  const baseline = Object.fromEntries(medians).node;
  return Object.fromEntries(
    medians.map(([name, { cpuMs, wallMs }]) => [
      name,
      {
        cpuMs: rounded(cpuMs),
        wallMs: rounded(wallMs),
        cpuRatio: rounded(cpuMs / baseline.cpuMs),
        wallRatio: rounded(wallMs / baseline.wallMs),
      },
    ]),
  );
}

/** The child reports its CPU time itself at its end: Node has no rusage of children. @throws when the command fails */
async function cost(scope, args, env) {
  const startedAt = performance.now();
  const child = scope.node(['--require', REPORTER, ...args], { env, stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
  let report = '';
  child.stdio[3].on('data', (chunk) => {
    report += chunk;
  });
  const [code] = await once(child, 'close');
  const wallMs = performance.now() - startedAt;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return { cpuMs: Number(report) / 1000, wallMs };
}
