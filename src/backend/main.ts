/** The backend's process. Prints one line of JSON when it is ready or why it is not; logs to stderr. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createEmbeddedEngineFactory } from '../engine/embedded/factory.js';
import { systemCode } from '../files/system-error.js';
import { openSqliteJournal } from '../journal/sqlite.js';
import { DescriptorReserve } from '../process/descriptors.js';
import { Backend } from './backend.js';
import { GrantsFile } from './grants-file.js';
import { createLog, logOptionsOf, rotatingWriter } from './log.js';
import { repairOffline } from './offline-repair.js';
import { DEFAULT_LIMITS } from './settings.js';

/** Why a backend did not start, for the process that started it. */
interface StartFailure {
  readonly error: { readonly name: string; readonly message: string };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      endpoint: { type: 'string' },
      'data-dir': { type: 'string' },
      'cache-dir': { type: 'string' },
      'engine-memory-mb': { type: 'string', default: '128' },
      'max-sessions': { type: 'string', default: String(DEFAULT_LIMITS.maxSessions) },
      'max-evaluations-per-second': { type: 'string', default: String(DEFAULT_LIMITS.maxEvaluationsPerSecond) },
      'max-bytes': { type: 'string', default: String(DEFAULT_LIMITS.maxBytes) },
      /** Stop when stdin closes: the process that runs it in the foreground is gone. */
      foreground: { type: 'boolean', default: false },
      /** Serve nothing: repair the journal, print what was found, and end. */
      repair: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
    },
  });
  const { endpoint, 'data-dir': dataDirectory, 'cache-dir': cacheDirectory } = values;
  // Everything below is for the owner only, whatever the umask was.
  process.umask(0o077);
  // Whoever reads what we print may go away; that must not end us.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  if (values.repair) {
    if (!dataDirectory) throw new Error('--data-dir is needed');
    process.stdout.write(`${JSON.stringify(await repairOffline(dataDirectory, values['dry-run']))}\n`);
    return;
  }
  if (!endpoint || !dataDirectory || !cacheDirectory)
    throw new Error('--endpoint, --data-dir and --cache-dir are needed');
  const log = createLog({
    ...logOptionsOf(process.env),
    write: rotatingWriter(join(dataDirectory, 'backend.log'), process.stderr),
    now: () => new Date(),
  });

  const descriptors = new DescriptorReserve();
  const engines = createEmbeddedEngineFactory({
    bundle: join(import.meta.dirname, 'engine', 'embedded.cjs'),
    cacheDir: cacheDirectory,
    memoryMb: Number(values['engine-memory-mb']),
    spare: true,
    log,
    descriptors,
  });
  // It starts while the journal is opened: whoever was cut off by a crash is waiting already.
  engines.warm(1);
  const journal = openSqliteJournal({ directory: dataDirectory });
  const grants = await GrantsFile.open(dataDirectory, log);
  const limits = {
    maxSessions: Number(values['max-sessions']),
    maxEvaluationsPerSecond: Number(values['max-evaluations-per-second']),
    maxBytes: Number(values['max-bytes']),
  };
  const version = readVersion();
  const backend = new Backend({ endpoint, dataDirectory, version, journal, engines, grants, limits, log, descriptors });

  const stop = (why: string) => {
    log(`stopping: ${why}`);
    backend
      .stop()
      .then(() => process.exit(0))
      .catch((error: Error) => {
        log(`stopping failed: ${error.stack}`, 'error');
        process.exit(1);
      });
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  // A terminal that closes takes a detached backend with it otherwise.
  process.on('SIGHUP', () => {
    if (values.foreground) stop('SIGHUP');
  });
  if (values.foreground) process.stdin.resume().on('end', () => stop('the process that started it is gone'));

  const record = await backend.start();
  process.stdout.write(`${JSON.stringify(record)}\n`);
  log(`ready: pid ${record.pid}, ${record.endpoint}`);
}

function readVersion(): string {
  const manifest = join(import.meta.dirname, '..', 'package.json');
  return existsSync(manifest) ? (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version : 'unknown';
}

/** Errors of ours and of the system say what is wrong; of others it takes the place in the program to find out. */
function reasonOf(error: Error): string {
  const isKnown = !Object.hasOwn(globalThis, error.name) || systemCode(error) !== undefined;
  return isKnown ? `${error.name}: ${error.message}` : (error.stack ?? error.message);
}

main().catch((error: Error) => {
  const failure: StartFailure = { error: { name: error.name, message: error.message } };
  process.stdout.write(`${JSON.stringify(failure)}\n`);
  createLog({
    ...logOptionsOf(process.env),
    write: (text) => process.stderr.write(text),
    now: () => new Date(),
  })(`not started: ${reasonOf(error)}`, 'error');
  process.exitCode = 1;
  // A bound socket or a running engine must not keep a backend alive that never became one.
  setImmediate(() => process.exit());
});
