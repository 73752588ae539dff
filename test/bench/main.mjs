/**
 * Runs the benchmarks named on the command line, or all, and prints one JSON document. Every figure stands beside a
 * baseline that was measured in the same run, interleaved with it.
 */
import { benchContext } from './context.mjs';
import { copyInstallation } from './installation.mjs';
import { machineFacts } from './machine.mjs';
import { benchMemory } from './memory.mjs';
import { benchReconnect } from './reconnect.mjs';
import { benchRestore } from './restore.mjs';
import { benchRoundTrip } from './round-trip.mjs';
import { Scope } from './scope.mjs';
import { benchStartup } from './startup.mjs';
import { benchStorage } from './storage.mjs';

const SCHEMA_VERSION = 1;

/** Exit code of a run that a signal ended. */
const INTERRUPTED = 130;

const BENCHMARKS = {
  startup: benchStartup,
  roundTrip: benchRoundTrip,
  restore: benchRestore,
  context: benchContext,
  memory: benchMemory,
  storage: benchStorage,
  reconnect: benchReconnect,
};

/** Needs root and minutes. */
const ONLY_WHEN_NAMED = ['reconnect'];

const DEFAULTS = Object.keys(BENCHMARKS).filter((name) => !ONLY_WHEN_NAMED.includes(name));

const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) {
  process.stderr.write(`No such benchmark: ${unknown.join(', ')}. There are: ${Object.keys(BENCHMARKS).join(', ')}\n`);
  process.exit(2);
}

/** Of all benchmarks: what they share. */
const whole = new Scope();
/** Of the benchmark that runs. */
let scope = new Scope();
let interrupted = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, async () => {
    interrupted = true;
    await closeAll();
    process.exit(INTERRUPTED);
  });
}

try {
  const startedAt = performance.now();
  const machine = machineFacts();
  if (!machine.isDurable) process.stderr.write('Temporary files are in memory: set TMPDIR to a directory on a disk.\n');
  const installation = await copyInstallation(whole);
  const benchmarks = {};
  for (const name of names.length > 0 ? names : DEFAULTS) {
    benchmarks[name] = await run(name, installation);
  }
  const durationMs = Math.round(performance.now() - startedAt);
  const document = { schemaVersion: SCHEMA_VERSION, machine, durationMs, benchmarks };
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
} catch (error) {
  // What fails because its processes were ended is no news.
  if (!interrupted) process.stderr.write(`${error.stack}\n`);
  process.exitCode = interrupted ? INTERRUPTED : 1;
} finally {
  await closeAll();
}

async function run(name, installation) {
  const progress = (what) => process.stderr.write(`${name}: ${what}\n`);
  progress('started');
  scope = new Scope();
  try {
    return await BENCHMARKS[name]({ scope, installation, progress });
  } finally {
    await scope.close();
  }
}

/** The benchmark first: its processes run from what is shared. */
async function closeAll() {
  for (const each of [scope, whole]) await each.close().catch((error) => process.stderr.write(`${error.message}\n`));
}
