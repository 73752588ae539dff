/**
 * A small JSON file that several processes read and change, on conf. No update is lost, no reader sees half a file, no
 * damaged file is thrown away.
 */
import { lstatSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { loadConf } from './conf-module.js';
import { InvalidValue, LocalStateDamaged, LocalStateLocked, LocalStateNewer, UnsafePath } from './errors.js';
import { ensurePrivateDirectory, isReadableSafely } from './private-directory.js';
import { type Contents, type Identity, readContents, type StoreShape } from './store-contents.js';
import { withLock } from './store-lock.js';
import { backupPath, Overtaken, replaceStore, type StoreFile, storePath, sweepStaging } from './store-write.js';
import { writeFailure } from './system-error.js';

export { type Fields, type StoreShape, WrongShape } from './store-contents.js';

/** Milliseconds to wait for other writers: a killed holder is noticed after 5 s, and a few others may be ahead. */
const LOCK_WAIT_MS = 15_000;

/** Conf joins the name to a path unchecked, and a dot would make it look like one of our own suffixes. */
const STORE_NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** Something was mended; nothing for the caller to do but to tell the user. */
export interface LocalWarning {
  readonly code: 'local-state-recovered';
  readonly message: string;
  readonly file: string;
}

export interface StoreOptions<T> extends StoreFile {
  readonly shape: StoreShape<T>;
  readonly now: () => Date;
  readonly warn: (warning: LocalWarning) => void;
  /** Milliseconds. */
  readonly lockWaitMs?: number;
  /** The content can be had again elsewhere: a damaged file counts as an empty one, without a word. */
  readonly losable?: boolean;
}

interface Readable<T> {
  readonly value: T;
  /** Unset when the file itself could not be read: the value is then the backup's, or empty. */
  readonly reason?: string;
}

export class Store<T extends object> {
  readonly file: string;

  /** @throws InvalidValue if the name is not a plain lower-case word */
  constructor(private readonly options: StoreOptions<T>) {
    if (!STORE_NAME.test(options.name)) throw new InvalidValue('store name', options.name, String(STORE_NAME));
    this.file = storePath(options);
  }

  /**
   * What the store holds now, without a lock and without changing anything on disk.
   * @throws LocalStateDamaged if neither the file nor its backup can be understood
   * @throws LocalStateNewer if a newer stui wrote something that this one cannot understand
   * @throws UnsafePath if the directory is a link or somebody else's
   */
  read(): T {
    if (!isReadableSafely(this.options.directory)) return this.options.shape.empty();
    const found = readContents(this.file, this.options.shape);
    if (found.state === 'newer') {
      if (found.value === undefined)
        throw new LocalStateNewer(this.file, found.version, this.options.shape.schemaVersion);
      return found.value;
    }
    const { value, reason } = this.understand(found);
    if (reason !== undefined) {
      this.tell(`${this.file} is damaged (${reason}); using the version before it. The next change mends the file.`);
    }
    return value;
  }

  /**
   * Replaces the value by `change(value)` while no other process can, durably when it resolves.
   * @param change pure: it may be called again if another process got in between
   * @returns the new value
   * @throws LocalStateLocked, LocalStateFull, LocalStateReadOnly, LocalStateDamaged, LocalStateNewer, UnsafePath; the
   *   file is then as it was
   */
  async update(change: (current: T) => T): Promise<T> {
    const { directory, lockWaitMs = LOCK_WAIT_MS } = this.options;
    const start = performance.now();
    try {
      ensurePrivateDirectory(directory);
      // Loaded before the lock is taken, which should be held for milliseconds.
      const Conf = await loadConf();
      for (;;) {
        try {
          return await withLock(this.file, lockWaitMs, () => this.changeUnderLock(Conf, change));
        } catch (error) {
          if (!(error instanceof Overtaken)) throw error;
          if (performance.now() - start >= lockWaitMs) {
            throw new LocalStateLocked(this.file, `${this.file}.lock`, lockWaitMs);
          }
        }
      }
    } catch (error) {
      throw writeFailure(error, this.file);
    }
  }

  private changeUnderLock(Conf: Awaited<ReturnType<typeof loadConf>>, change: (current: T) => T): T {
    const { shape, losable } = this.options;
    if (lstatSync(this.file, { throwIfNoEntry: false })?.isSymbolicLink()) {
      throw new UnsafePath(this.file, 'it is a symbolic link', 'Put a regular file in its place, or set STUI_HOME.');
    }
    sweepStaging(this.options);
    const found = readContents(this.file, shape);
    if (found.state === 'newer') throw new LocalStateNewer(this.file, found.version, shape.schemaVersion);
    const { value, reason } = this.understand(found);
    const next = change(value);
    const kept = found.state === 'good' ? found.fields : {};
    const { schemaVersion } = shape;
    const fields = { schemaVersion, ...kept, ...next };
    if (found.state === 'good' && JSON.stringify(fields) === JSON.stringify(found.fields)) return next;
    const aside = found.state === 'damaged' ? this.asidePath() : undefined;
    replaceStore(Conf, this.options, fields, identity(found), aside);
    if (reason !== undefined && !losable) {
      this.tell(`${this.file} was damaged (${reason}); went on from the version before it, kept it as ${aside}.`);
    }
    return next;
  }

  private understand(found: Exclude<Contents<T>, { state: 'newer' }>): Readable<T> {
    if (found.state === 'absent') return { value: this.options.shape.empty() };
    if (found.state === 'good') return { value: found.value };
    if (this.options.losable) return { value: this.options.shape.empty() };
    const backup = readContents(backupPath(this.options), this.options.shape);
    if (backup.state !== 'good') throw new LocalStateDamaged(this.file, found.reason);
    return { value: backup.value, reason: found.reason };
  }

  private asidePath(): string {
    const time = this.options.now().toISOString().replaceAll(/[-:.]/g, '');
    return `${this.file}.damaged-${time}`;
  }

  private tell(message: string): void {
    this.options.warn({ code: 'local-state-recovered', message, file: this.file });
  }
}

function identity(found: Contents<unknown>): Identity | undefined {
  return found.state === 'good' || found.state === 'damaged' ? found.identity : undefined;
}
