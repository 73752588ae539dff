/** The backend as a process of this machine: starting it, finding it, and telling it to stop. */
import { closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openRotated } from '../files/rotated-log.js';
import { systemCode } from '../files/system-error.js';
import { type SpawnOptions, type StartedProcess, startProcess } from '../process/spawn.js';
import { BACKEND_RECORD_FILE, type BackendRecord } from '../protocol/backend-record.js';
import type { SalvageReport } from '../protocol/salvage-report.js';
import { BackendNotStarted, JournalNotRepaired, type LocalError } from './errors.js';
import { ensurePrivateDirectory } from './private-directory.js';

export interface BackendLaunch {
  readonly endpoint: string;
  readonly dataDirectory: string;
  readonly cacheDirectory: string;
  readonly engineMemoryMb: number;
  /** What one client may take; the backend's own limits where nothing is said. */
  readonly limits?: ClientLimits;
}

/** Undefined: no other limit than the backend's own. */
export interface ClientLimits {
  readonly maxSessions?: number | undefined;
  readonly maxEvaluationsPerSecond?: number | undefined;
  readonly maxBytes?: number | undefined;
}

export interface ForegroundBackend {
  readonly record: BackendRecord;
  /** Resolves with the exit code when it has ended. */
  readonly ended: Promise<number>;
  readonly stop: (signal: NodeJS.Signals) => void;
}

/** Built beside the code that runs now. */
const ENTRY = join(import.meta.dirname, 'backend.cjs');

/**
 * Starts a backend that outlives this process, and waits until it serves.
 * @throws {BackendNotStarted} with the backend's own reason
 */
export async function launchDetached(launch: BackendLaunch): Promise<BackendRecord> {
  ensurePrivateDirectory(launch.dataDirectory);
  const logPath = logFile(launch.dataDirectory);
  const log = openRotated(logPath);
  try {
    const options: SpawnOptions = { detached: true, cwd: '/', stdio: ['ignore', 'pipe', log] };
    const child = await startEntry(argumentsOf(launch), options, notStarted(logPath));
    const record = await firstLine<BackendRecord>(child, notStarted(logPath));
    child.stdout?.destroy();
    child.unref();
    return record;
  } finally {
    closeSync(log);
  }
}

/** Starts a backend that ends with this process; it logs to our stderr. */
export async function launchForeground(launch: BackendLaunch): Promise<ForegroundBackend> {
  ensurePrivateDirectory(launch.dataDirectory);
  const failure = notStarted('the messages above');
  const child = await startEntry(
    [...argumentsOf(launch), '--foreground'],
    { stdio: ['pipe', 'pipe', 'inherit'] },
    failure,
  );
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? (signal ? 1 : 0)));
  });
  const record = await firstLine<BackendRecord>(child, failure);
  return { record, ended, stop: (signal) => void child.kill(signal) };
}

/**
 * Has the journal of a backend that does not run repaired, by the program that knows it.
 * @throws {JournalNotRepaired} when it cannot be, with the program's own reason
 */
export async function salvageStopped(dataDirectory: string, dryRun: boolean): Promise<SalvageReport> {
  const options = ['--repair', '--data-dir', dataDirectory, ...(dryRun ? ['--dry-run'] : [])];
  const failure: Failure = (reason, name) => new JournalNotRepaired(reason, name);
  const child = await startEntry(options, { stdio: ['ignore', 'pipe', 'ignore'] }, failure);
  return firstLine<SalvageReport>(child, failure);
}

/** @returns what the last backend on this data directory wrote, which may be gone; undefined when it stopped in order */
export function readBackendRecord(dataDirectory: string): BackendRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDirectory, BACKEND_RECORD_FILE), 'utf8')) as BackendRecord;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function logFile(dataDirectory: string): string {
  return join(dataDirectory, 'backend.log');
}

function argumentsOf(launch: BackendLaunch): string[] {
  const { maxSessions, maxEvaluationsPerSecond, maxBytes } = launch.limits ?? {};
  const limits = Object.entries({
    '--max-sessions': maxSessions,
    '--max-evaluations-per-second': maxEvaluationsPerSecond,
    '--max-bytes': maxBytes,
  });
  return [
    '--endpoint',
    launch.endpoint,
    '--data-dir',
    launch.dataDirectory,
    '--cache-dir',
    launch.cacheDirectory,
    '--engine-memory-mb',
    String(launch.engineMemoryMb),
    ...limits.flatMap(([option, value]) => (value === undefined ? [] : [option, String(value)])),
  ];
}

type Failure = (reason: string, reasonName?: string) => LocalError;

function notStarted(log: string): Failure {
  return (reason, reasonName) => new BackendNotStarted(reason, log, reasonName);
}

function startEntry(args: readonly string[], options: SpawnOptions, failure: Failure): Promise<StartedProcess> {
  return startProcess(process.execPath, [ENTRY, ...args], options).catch((error: Error) => {
    throw failure(error.message);
  });
}

/** The program prints one line: what it was started for, or why that could not be. */
async function firstLine<T extends object>(child: StartedProcess, failure: Failure): Promise<T> {
  const line = await new Promise<string>((resolve, reject) => {
    // Not 'exit': what it printed may still be unread then.
    child.once('close', () => reject(failure('it ended at once')));
    if (child.stdout) createInterface({ input: child.stdout }).once('line', resolve);
  });
  const message = JSON.parse(line) as T | { error: { name: string; message: string } };
  if ('error' in message) throw failure(message.error.message, message.error.name);
  return message;
}
