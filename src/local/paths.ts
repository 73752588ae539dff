/** Where this machine keeps what stui remembers. */
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { NoHome } from './errors.js';
import { isPrivateDirectory, ownUid } from './private-directory.js';

export { ensurePrivateDirectory } from './private-directory.js';
export { privateEndpoint } from './private-endpoint.js';

export interface StuiPaths {
  /** Connections and preferences. */
  readonly config: string;
  /** What must not be lost: the current sessions, the client id, the outbox, the private backend's journals. */
  readonly data: string;
  /** What may be lost at any time. */
  readonly cache: string;
  /** Sockets. Not made or checked before it is used: see privateEndpoint. */
  readonly run: string;
}

/** What the operating system says about places; injected by tests. */
export interface Platform {
  /** The platform's own places for an application, by its environment and conventions. */
  places(): { readonly config: string; readonly data: string; readonly cache: string };
  readonly temporary: string;
  /** Where systemd keeps the users' runtime directories. */
  readonly runtimeRoot: string;
}

export const thisPlatform: Platform = {
  places: () => envPaths('stui', { suffix: '' }),
  temporary: tmpdir(),
  runtimeRoot: '/run/user',
};

/**
 * The directories of this user. Nothing is made or changed, only looked at.
 * @param env STUI_HOME puts all of them below one directory (relative to the working directory); XDG_RUNTIME_DIR says
 *   where sockets go otherwise. The platform's own variables (XDG_CONFIG_HOME, APPDATA, ...) are read by env-paths from
 *   the process's environment.
 * @throws NoHome if STUI_HOME is not set, and there is no home directory to put them into
 */
export function stuiPaths(env: NodeJS.ProcessEnv, platform: Platform = thisPlatform): StuiPaths {
  if (env['STUI_HOME']) {
    const home = resolve(env['STUI_HOME']);
    return {
      config: join(home, 'config'),
      data: join(home, 'data'),
      cache: join(home, 'cache'),
      run: join(home, 'run'),
    };
  }
  const { config, data, cache } = platform.places();
  // Without a home directory they would be below the working directory, another one each time.
  if (![config, data, cache].every((place) => isAbsolute(place))) throw new NoHome();
  return { config, data, cache, run: runtimeDirectory(env, platform) };
}

/**
 * A cron job or `sudo -u` has no XDG_RUNTIME_DIR but must find the same socket as the login session, hence the second
 * place. The third is made, or refused, when a socket is put there.
 */
function runtimeDirectory(env: NodeJS.ProcessEnv, platform: Platform): string {
  const user = String(ownUid() ?? 'user');
  const given = env['XDG_RUNTIME_DIR'];
  for (const candidate of [given, join(platform.runtimeRoot, user)]) {
    if (candidate && isPrivateDirectory(candidate)) return join(candidate, 'stui');
  }
  return join(platform.temporary, `stui-${user}`);
}
