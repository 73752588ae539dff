/**
 * The evaluations and changes of contexts that were accepted on this machine and that no backend has acknowledged yet:
 * one file an entry, as maildir has it. Nothing here takes a lock, and looking into an empty outbox is one readdir.
 */
import { renameSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectory } from '../files/directories.js';
import { type Processes, thisMachine } from '../files/process-identity.js';
import { systemCode } from '../files/system-error.js';
import { NotInOutbox } from './errors.js';
import { accept } from './outbox/admission.js';
import { type Delivery, type DeliveryOptions, deliver } from './outbox/delivery.js';
import { OutboxDirectory, type OutboxWarning } from './outbox/directory.js';
import type { OutboxEntry, OutboxOrder } from './outbox/entry.js';
import { type EntryName, entryName, hashOf } from './outbox/file-name.js';
import type { StuiPaths } from './paths.js';
import { writeFailure } from './system-error.js';

export type { Processes, ProcessIdentity } from '../files/process-identity.js';
export type { Delivery, DeliveryOptions } from './outbox/delivery.js';
export type { OutboxWarning } from './outbox/directory.js';
export {
  type ChangeOrder,
  type EvaluationOrder,
  isChange,
  type OutboxEntry,
  type OutboxOrder,
} from './outbox/entry.js';

export interface OutboxOptions {
  /** Told of each file that could not be used; it was moved into `damaged/`, never deleted. */
  readonly warn: (warning: OutboxWarning) => void;
  readonly now?: () => Date;
  readonly processes?: Processes;
}

export class Outbox {
  private readonly directory: OutboxDirectory;
  private readonly now: () => Date;

  /** Nothing is read or made before a method is called. */
  constructor(
    paths: Pick<StuiPaths, 'data'>,
    { warn, now = () => new Date(), processes = thisMachine() }: OutboxOptions,
  ) {
    this.directory = new OutboxDirectory(join(paths.data, 'outbox'), processes, warn);
    this.now = now;
  }

  /**
   * Accepts an order, owned by this process until it is released or removed. Durable when it returns.
   * @returns the entry that is there already if the key was accepted for the same code or patch, session and connection:
   *   look at its `state` and `owner` to see who delivers it
   * @throws OutboxKeyConflict if the key stands for something else
   * @throws LocalStateFull, LocalStateReadOnly, UnsafePath, ... if it was not accepted; nothing is left behind then
   */
  add(order: OutboxOrder): OutboxEntry {
    return accept(this.directory, order, this.now);
  }

  /** All entries, or those for a connection, in order of acceptance. */
  list(connection?: string): readonly OutboxEntry[] {
    return this.directory
      .look()
      .entries.map((name) => this.directory.readIfKnown(name))
      .filter((entry) => entry !== undefined)
      .filter((entry) => connection === undefined || entry.connection === connection);
  }

  /** @throws LocalStateNewer if a newer stui accepted it and this one cannot understand it */
  get(key: string): OutboxEntry | undefined {
    const [name] = this.named(key);
    return name && this.directory.read(name);
  }

  /**
   * Gives up waiting: whoever comes next delivers the entry. Durable when it returns; needs no room on the disk.
   * @throws NotInOutbox if it has been removed
   * @throws LocalStateReadOnly
   */
  release(key: string): OutboxEntry {
    for (;;) {
      const [name] = this.named(key);
      const entry = name && this.directory.read(name);
      if (name === undefined || entry === undefined) throw new NotInOutbox(key);
      if (entry.owner === null) return entry;
      const queued = entryName(name.order, name.keyHash, null);
      if (this.rename(name, queued)) return { ...entry, state: 'queued', owner: null };
    }
  }

  /**
   * Forgets an entry that was acknowledged or is not wanted any more. Durable when it returns; removing what is not
   * there is fine.
   * @throws LocalStateReadOnly
   */
  remove(key: string): void {
    try {
      let names = this.named(key);
      if (names.length === 0) return;
      // Again, because somebody may have renamed it just now.
      for (; names.length > 0; names = this.named(key)) {
        for (const { file } of names) unlinkIfThere(join(this.directory.path, file));
      }
      syncDirectory(this.directory.path);
    } catch (error) {
      throw writeFailure(error, this.directory.path);
    }
  }

  /**
   * What a newcomer has to deliver before its own, in order of acceptance: entries that are queued, and those whose
   * owner is gone. Look once more inside of `withDelivery`, another process may have delivered them meanwhile.
   */
  orphans(connection: string, session?: string): readonly OutboxEntry[] {
    return this.list(connection).filter(
      (entry) =>
        (session === undefined || entry.session === session) &&
        (entry.owner === null || this.directory.processes.isGone(entry.owner)),
    );
  }

  /**
   * Runs `work` while no other process, and no other call in this one, delivers to `connection`; a process that was
   * killed while it did does not count.
   * @returns `ran: false` if another one delivered for longer than `waitMs`
   * @throws LocalStateReadOnly, LocalStateFull, UnsafePath, and what `work` throws
   */
  withDelivery<R>(connection: string, work: () => R | Promise<R>, options: DeliveryOptions): Promise<Delivery<R>> {
    return deliver(this.directory, connection, work, options);
  }

  private named(key: string): readonly EntryName[] {
    const keyHash = hashOf(key);
    return this.directory.look().entries.filter((name) => name.keyHash === keyHash);
  }

  /** @returns false if the file has another name by now, or is gone */
  private rename(from: EntryName, to: EntryName): boolean {
    const { path } = this.directory;
    try {
      renameSync(join(path, from.file), join(path, to.file));
      syncDirectory(path);
      return true;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw writeFailure(error, path);
    }
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
