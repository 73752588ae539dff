/** Looking into the outbox's directory: what is there, with everything put out of the way that does not belong there. */
import { readdirSync, renameSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Processes } from '../../files/process-identity.js';
import { systemCode } from '../../files/system-error.js';
import { LocalStateNewer, LocalStateUnusable } from '../errors.js';
import { ensurePrivateDirectory, isReadableSafely } from '../private-directory.js';
import { type Contents, readContents } from '../store-contents.js';
import { readFailure } from '../system-error.js';
import { type AcceptedOrder, ENTRY_SHAPE, type OutboxEntry } from './entry.js';
import { type EntryName, hashOf, parseName, type ReservationName, randomName } from './file-name.js';

/**
 * Something in the outbox could not be used, or not be written. Nothing that was accepted is lost; it is for the user to
 * look at `file`.
 */
export interface OutboxWarning {
  readonly code: 'outbox-damaged' | 'outbox-newer' | 'outbox-write-failed';
  readonly message: string;
  readonly file: string;
}

export interface Survey {
  /** By order. */
  readonly entries: readonly EntryName[];
  /** Those of processes that live. */
  readonly reservations: readonly ReservationName[];
}

interface Damaged {
  readonly state: 'damaged';
  readonly reason: string;
}

/** Directory of what was moved aside. */
const DAMAGED = 'damaged';

/** Characters kept of a name when its file is moved aside: with four bytes each there is still room for a suffix. */
const KEPT_NAME_LENGTH = 50;

/** Answers of the system by which a file is unreadable for good; others, such as too many open files, pass. */
const UNREADABLE = new Set(['EACCES', 'EPERM', 'ELOOP', 'ENXIO', 'EIO']);

export class OutboxDirectory {
  private readonly told = new Set<string>();

  constructor(
    readonly path: string,
    readonly processes: Processes,
    private readonly warn: (warning: OutboxWarning) => void,
  ) {}

  /** @throws UnsafePath, LocalStateUnusable if the directory cannot be trusted or looked into */
  look(): Survey {
    const entries = new Map<string, EntryName>();
    const reservations: ReservationName[] = [];
    for (const file of this.files()) {
      const name = parseName(file);
      if (name === undefined) this.setAside(file, 'stui did not put it there');
      else if ('order' in name) entries.set(name.order, entries.get(name.order) ?? name);
      else if (this.processes.isGone(name.owner)) this.discard(file);
      else reservations.push(name);
    }
    return { entries: [...entries.values()].sort((a, b) => (a.order < b.order ? -1 : 1)), reservations };
  }

  /**
   * @returns the entry as it is now, undefined if it is gone or damaged; damaged ones are moved aside
   * @throws LocalStateNewer if a newer stui accepted it
   */
  read(name: EntryName): OutboxEntry | undefined {
    const found = this.contents(name);
    switch (found.state) {
      case 'good':
        return { ...found.value, order: name.order, state: name.owner ? 'sending' : 'queued', owner: name.owner };
      case 'newer':
        throw new LocalStateNewer(join(this.path, name.file), found.version, ENTRY_SHAPE.schemaVersion);
      case 'damaged':
        this.setAside(name.file, found.reason);
        return undefined;
      case 'absent': {
        // Released, so renamed, since it was listed; or really gone.
        const now = this.look().entries.find(({ order }) => order === name.order);
        return now === undefined || now.file === name.file ? undefined : this.read(now);
      }
    }
  }

  /** Like read, for looking through all entries: one that is too new is left where it is, and said. */
  readIfKnown(name: EntryName): OutboxEntry | undefined {
    try {
      return this.read(name);
    } catch (error) {
      if (!(error instanceof LocalStateNewer)) throw error;
      this.tell('outbox-newer', name.file, `${error.message}; it stays there. ${error.hint}`);
      return undefined;
    }
  }

  /**
   * Removes a reservation; it may hold part of an order, which was not accepted. One that cannot be removed counts
   * for nothing once its process has ended.
   */
  discard(file: string): void {
    try {
      unlinkSync(join(this.path, file));
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
  }

  /** Says that a change of the directory failed which takes nothing back that was promised. */
  say(message: string): void {
    this.warn({ code: 'outbox-write-failed', message, file: this.path });
  }

  /** The newest look at each file comes first. */
  private files(): Iterable<string> {
    const first = this.list();
    if (first.length === 0) return first;
    // Entries are orders to run code: they are not taken from just anybody.
    isReadableSafely(this.path);
    // A file that is renamed while a long directory is being listed can be missing from that listing under both names.
    return new Set([...this.list(), ...first]);
  }

  private list(): string[] {
    try {
      // Systems put files with a dot in front wherever they like (.DS_Store, .nfs0123).
      return readdirSync(this.path).filter((file) => file !== DAMAGED && !file.startsWith('.'));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw readFailure(error, this.path);
    }
  }

  private contents(name: EntryName): Contents<AcceptedOrder> | Damaged {
    try {
      const found = readContents(join(this.path, name.file), ENTRY_SHAPE);
      const isMisnamed = found.state === 'good' && hashOf(found.value.key) !== name.keyHash;
      return isMisnamed ? { state: 'damaged', reason: 'its name is that of another key' } : found;
    } catch (error) {
      const code = error instanceof LocalStateUnusable ? systemCode(error.cause) : undefined;
      if (code === undefined || !UNREADABLE.has(code)) throw error;
      return { state: 'damaged', reason: `it cannot be read, ${code}` };
    }
  }

  private setAside(file: string, reason: string): void {
    const from = join(this.path, file);
    const to = join(this.path, DAMAGED, `${file.slice(0, KEPT_NAME_LENGTH)}.${randomName()}`);
    try {
      ensurePrivateDirectory(join(this.path, DAMAGED));
      renameSync(from, to);
    } catch (error) {
      // Another process was faster, and says so.
      if (systemCode(error) === 'ENOENT') return;
      this.tell(
        'outbox-damaged',
        file,
        `${from} is no good entry of the outbox (${reason}); it could not be moved away`,
      );
      return;
    }
    this.tell('outbox-damaged', file, `${from} is no good entry of the outbox (${reason}); moved it to ${to}`);
  }

  private tell(code: OutboxWarning['code'], file: string, message: string): void {
    if (this.told.has(file)) return;
    this.told.add(file);
    this.warn({ code, message, file });
  }
}
