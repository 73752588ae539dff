/**
 * What a command costs before it does anything, as a multiple of `node -e 0` in the same run: absolute times say more
 * about the machine than about the program.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../bin/stui.cjs', import.meta.url));
const REPORTER = fileURLToPath(new URL('report-cpu-time.cjs', import.meta.url));

/** Odd, so that the median is one of the measurements. */
const ROUNDS = 21;

const VARIANTS = {
  node: ['-e', '0'],
  version: [LAUNCHER, '--version', '--json'],
  configList: [LAUNCHER, 'config', 'list', '--json'],
};

/** @returns median CPU time of each variant: in milliseconds, and as a multiple of `node -e 0` */
export async function benchStartup({ rounds = ROUNDS } = {}) {
  const home = await mkdtemp(join(tmpdir(), 'stui-bench-'));
  try {
    const samples = Object.fromEntries(Object.keys(VARIANTS).map((name) => [name, []]));
    await cpuMs(VARIANTS.configList, home);
    // Interleaved, so that a busy moment of the machine strikes all variants alike.
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, args] of Object.entries(VARIANTS)) samples[name].push(await cpuMs(args, home));
    }
    const nodeMs = median(samples.node);
    return Object.fromEntries(
      Object.entries(samples).map(([name, values]) => [
        name,
        { cpuMs: median(values), ratio: median(values) / nodeMs },
      ]),
    );
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** CPU time of a child as it reports itself at its end: Node has no rusage of children. */
async function cpuMs(args, home) {
  // Certificates named here are loaded by every Node at its start and would hide the difference.
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--require', REPORTER, ...args], {
    env: { ...env, STUI_HOME: home },
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  let report = '';
  for await (const chunk of child.stdio[3]) report += chunk;
  return Number(report) / 1000;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1];
}
