/** Backends of this machine, found by the record in their data directory, and told from strangers with their process id. */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { BackendClient } from '../client/backend-client.js';
import { ONE_SHOT_TIMING } from '../client/timing.js';
import { isCertainlyRunning, isGone, type ProcessIdentity } from '../files/process-identity.js';
import { systemCode } from '../files/system-error.js';
import { readBackendRecord } from '../local/backend-process.js';
import type { StuiPaths } from '../local/paths.js';
import { type BackendRecord, writerOf } from '../protocol/backend-record.js';
import type { Result } from '../protocol/command.js';
import type { getBackendStatus } from '../protocol/commands.js';
import { endpointDataDirectory, endpointDataParent } from './private-backend.js';

type Status = Pick<Result<typeof getBackendStatus>, 'pid' | 'dataDirectory'>;

/** What is asked of the machine; injected by tests. */
export interface Surroundings {
  /** @returns what the backend at an endpoint says of itself, undefined where none answers */
  readonly ask: (endpoint: string) => Promise<Status | undefined>;
}

/**
 * `running`: it may be sent signals. `elsewhere`: it answers, but its process is not one that can be seen from here (another
 * container or machine). `unsure`: a process has the id, and nothing tells whether it is the backend.
 */
export interface FoundBackend {
  readonly standing: 'running' | 'elsewhere' | 'unsure';
  readonly record: BackendRecord;
  readonly dataDirectory: string;
  readonly process: ProcessIdentity;
}

/** A backend that lives answers at once; one that hangs must not hang us, in ms. */
const ANSWER_WITHIN_MS = 2_000;

const THIS_MACHINE: Surroundings = { ask: askBackend };

/** @returns the backend that wrote the record in a data directory; undefined where none did, or it is gone */
export async function findBackend(
  dataDirectory: string,
  { ask }: Surroundings = THIS_MACHINE,
): Promise<FoundBackend | undefined> {
  const record = readBackendRecord(dataDirectory);
  if (record === undefined) return undefined;
  const found = { record, dataDirectory, process: writerOf(record) };
  if (isCertainlyRunning(found.process)) return { ...found, standing: 'running' };
  const status = await ask(record.endpoint);
  const answers = status?.pid === record.pid && isSamePlace(status.dataDirectory, dataDirectory);
  if (isGone(found.process)) return answers ? { ...found, standing: 'elsewhere' } : undefined;
  return { ...found, standing: answers ? 'running' : 'unsure' };
}

/** @returns the backend of this machine that listens on an endpoint */
export async function findBackendAt(
  endpoint: string,
  paths: Pick<StuiPaths, 'data'>,
  surroundings: Surroundings = THIS_MACHINE,
): Promise<FoundBackend | undefined> {
  const status = await surroundings.ask(endpoint);
  if (status !== undefined) {
    const found = await findBackend(status.dataDirectory, surroundings);
    return found?.record.pid === status.pid ? found : undefined;
  }
  for (const directory of endpointDataDirectories(paths)) {
    if (readBackendRecord(directory)?.endpoint === endpoint) return findBackend(directory, surroundings);
  }
  return findBackend(endpointDataDirectory(endpoint, paths), surroundings);
}

/** Those that were started with an endpoint of their own and without a data directory of their own. */
export async function backendsOnEndpoints(paths: Pick<StuiPaths, 'data'>): Promise<FoundBackend[]> {
  const found = await Promise.all(endpointDataDirectories(paths).map((directory) => findBackend(directory)));
  return found.filter((backend) => backend?.standing === 'running') as FoundBackend[];
}

function endpointDataDirectories(paths: Pick<StuiPaths, 'data'>): string[] {
  const parent = endpointDataParent(paths);
  try {
    return readdirSync(parent).map((name) => join(parent, name));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function askBackend(endpoint: string): Promise<Status | undefined> {
  if (endpoint.startsWith('ipc://') && !existsSync(endpoint.slice('ipc://'.length))) return undefined;
  const timing = { ...ONE_SHOT_TIMING, giveUpOnRefusal: 'always' as const };
  const client = await BackendClient.open(endpoint, { timing });
  try {
    return await client.request('get_backend_status', {}, ANSWER_WITHIN_MS);
  } catch {
    // Whatever is there, it is no backend that can be asked.
    return undefined;
  } finally {
    client.close();
  }
}

function isSamePlace(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    return false;
  }
}
