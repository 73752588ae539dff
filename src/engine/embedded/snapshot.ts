/**
 * V8 startup snapshots of the engine's program, kept in a cache directory. A snapshot cuts an engine's start to a
 * fifth. It works only with the Node, the flags and the program it was made with, so all of them are in its name; and
 * its own digest is, too, because V8 does not notice damage before it crashes on it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory } from '../../files/directories.js';
import { renameDurably } from '../../files/durable-file.js';
import { isScarcity, startProcess } from '../../process/spawn.js';
import { Deadline } from '../../time/deadline.js';

/** A blob is about 15 MB; the ones used last are kept, for other versions of Node or other memory limits. */
const BLOBS_KEPT = 3;

/** Building takes a second or two; a builder that hangs must not hang the first session for ever. */
const BUILD_TIMEOUT_MS = 60_000;

/** Temporary files older than this were left by a builder that was killed. */
const ABANDONED_AFTER_MS = 10 * BUILD_TIMEOUT_MS;

const BLOB = /^embedded-([0-9a-f]{16})-([0-9a-f]{16})\.blob$/;
const TEMPORARY = /^embedded-.*\.tmp$/;

export interface SnapshotCacheOptions {
  readonly bundle: string;
  readonly cacheDir: string;
  /** Node's flags for the engine, the same at building and at starting. */
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly log: (message: string) => void;
}

export class SnapshotCache {
  readonly #options: SnapshotCacheOptions;
  #blob: Promise<string | undefined> | undefined;

  constructor(options: SnapshotCacheOptions) {
    this.#options = options;
  }

  /** Path of a verified blob, built now if there is none; undefined when it cannot be had. */
  blob(): Promise<string | undefined> {
    this.#blob ??= this.#findOrBuild().catch((error: Error) => {
      this.#options.log(`no startup snapshot: ${error.message}`);
      // What is missing now may be there for the next start; anything else would fail every time, after a second or two.
      if (isScarcity(error)) this.#blob = undefined;
      return undefined;
    });
    return this.#blob;
  }

  /** Removes a blob that turned out not to start; this process does not try again. */
  async discard(): Promise<void> {
    const discarded = this.#blob;
    this.#blob = Promise.resolve(undefined);
    const path = await discarded;
    if (path !== undefined) await rm(path, { force: true });
  }

  async #findOrBuild(): Promise<string> {
    const { cacheDir } = this.#options;
    makeDirectory(cacheDir);
    const key = await this.#key();
    const found = await this.#find(key);
    if (found !== undefined) return found;
    const built = await this.#build(key);
    await this.#prune();
    return built;
  }

  async #key(): Promise<string> {
    const { bundle, flags } = this.#options;
    const identity = [process.version, process.arch, process.platform, ...flags];
    return digest(JSON.stringify(identity), await readFile(bundle));
  }

  async #find(key: string): Promise<string | undefined> {
    const { cacheDir, log } = this.#options;
    for (const name of await readdir(cacheDir)) {
      const [, itsKey, itsDigest] = BLOB.exec(name) ?? [];
      if (itsKey !== key) continue;
      const path = join(cacheDir, name);
      if (digest(await readFile(path)) === itsDigest) {
        const now = new Date();
        await utimes(path, now, now).catch(() => log(`${path} cannot be marked as used`));
        return path;
      }
      log(`the startup snapshot ${path} is damaged; it is built again`);
      await rm(path, { force: true });
    }
    return undefined;
  }

  /** Concurrent builders write files of their own; the rename makes the same name of the same content. */
  async #build(key: string): Promise<string> {
    const { bundle, cacheDir, flags, env } = this.#options;
    const temporary = join(cacheDir, `embedded-${key}-${randomUUID()}.tmp`);
    try {
      await run(process.execPath, [...flags, '--snapshot-blob', temporary, '--build-snapshot', bundle], env);
      const path = join(cacheDir, `embedded-${key}-${digest(await readFile(temporary))}.blob`);
      renameDurably(temporary, path);
      return path;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async #prune(): Promise<void> {
    const { cacheDir } = this.#options;
    const blobs: { path: string; usedAt: number }[] = [];
    for (const name of await readdir(cacheDir)) {
      const path = join(cacheDir, name);
      const usedAt = await stat(path).then(
        (stats) => stats.mtimeMs,
        () => undefined,
      );
      if (usedAt === undefined) continue;
      if (BLOB.test(name)) blobs.push({ path, usedAt });
      else if (TEMPORARY.test(name) && Date.now() - usedAt > ABANDONED_AFTER_MS) await rm(path, { force: true });
    }
    blobs.sort((a, b) => b.usedAt - a.usedAt);
    for (const { path } of blobs.slice(BLOBS_KEPT)) await rm(path, { force: true });
  }
}

function digest(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
}

/** @throws with the process's last words when it fails or takes too long @throws {SpawnFailed} */
async function run(file: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const child = await startProcess(file, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const deadline = new Deadline(BUILD_TIMEOUT_MS, () => child.kill('SIGKILL'));
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-1_000);
  });
  const outcome = await new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  deadline.cancel();
  if (outcome !== 0) throw new Error(`building it ended with ${outcome}: ${words.trim()}`);
}
