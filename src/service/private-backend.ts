/** The private backend: one for each home, started by the first command that needs it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BackendClient } from '../client/backend-client.js';
import { Unreachable } from '../client/errors.js';
import { probe } from '../client/probe.js';
import type { LinkTiming } from '../client/timing.js';
import { type BackendLaunch, launchDetached } from '../local/backend-process.js';
import { LocalStateReadOnly } from '../local/errors.js';
import { ensurePrivateDirectory, privateEndpoint, type StuiPaths } from '../local/paths.js';
import { withLock } from '../local/store-lock.js';

/** A start takes about a second; on a busy machine with twenty commands at once, this is still enough, in ms. */
const START_WAIT_MS = 60_000;

/** @returns where the private backend of this home listens and keeps its data */
export function privateLaunch(paths: StuiPaths, engineMemoryMb: number): BackendLaunch {
  return {
    endpoint: privateEndpoint(paths),
    dataDirectory: privateDataDirectory(paths),
    cacheDirectory: join(paths.cache, 'engine'),
    engineMemoryMb,
  };
}

export function privateDataDirectory(paths: Pick<StuiPaths, 'data'>): string {
  return join(paths.data, 'backend');
}

/** Where those keep their data that listen on an endpoint of their own. */
export function endpointDataParent(paths: Pick<StuiPaths, 'data'>): string {
  return join(paths.data, 'backends');
}

/** A backend on an endpoint of its own gets data of its own, by the endpoint's name. */
export function endpointDataDirectory(endpoint: string, paths: Pick<StuiPaths, 'data'>): string {
  return join(endpointDataParent(paths), endpoint.replaceAll(/[^A-Za-z0-9.]+/g, '-'));
}

/**
 * Connects to the private backend, after starting it where that is allowed.
 * @throws {Unreachable} when it does not run and may not be started
 */
export async function reachPrivateBackend(
  launch: BackendLaunch,
  autostart: boolean,
  timing: LinkTiming,
): Promise<BackendClient> {
  if (!(await listens(launch.endpoint))) {
    if (!autostart) {
      const hint = 'Start it with "stui backend start --detach", or allow it: "stui config set autostart true".';
      throw new Unreachable(launch.endpoint, 'the private backend does not run', hint);
    }
    try {
      await startOnce(launch);
    } catch (error) {
      // What was remembered can still be shown.
      if (!(error instanceof LocalStateReadOnly)) throw error;
      throw new Unreachable(launch.endpoint, `it cannot be started, since ${error.message}`, error.hint);
    }
  }
  // A refusal means that it died; the next attempt starts it again, which is quicker than waiting for it.
  return BackendClient.open(launch.endpoint, { timing: { ...timing, giveUpOnRefusal: 'always' } });
}

/** Of many commands that find no backend, the first starts it and the others wait for that. */
export async function startOnce(launch: BackendLaunch): Promise<void> {
  ensurePrivateDirectory(launch.dataDirectory);
  await withLock(join(launch.dataDirectory, 'start'), START_WAIT_MS, async () => {
    if (await listens(launch.endpoint)) return;
    await launchDetached(launch);
  });
}

/** The socket's file outlives a killed backend, so its being there says nothing. */
async function listens(endpoint: string): Promise<boolean> {
  const path = endpoint.replace(/^ipc:\/\//, '');
  return existsSync(path) && (await probe(endpoint)) === undefined;
}
