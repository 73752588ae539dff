/**
 * The evaluations and changes of contexts that were accepted on this machine and that no backend has acknowledged yet:
 * one file an entry, as maildir has it. Nothing here takes a lock, and looking into an empty outbox is one readdir.
 */
import { renameSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectory } from '../files/directories.js';
import { type Processes, type ProcessIdentity, thisMachine } from '../files/process-identity.js';
import { systemCode } from '../files/system-error.js';
import { BeingDelivered, NotInOutbox } from './errors.js';
import { type Acceptance, accept, existing } from './outbox/admission.js';
import { type Delivery, type DeliveryOptions, deliver } from './outbox/delivery.js';
import { OutboxDirectory, type OutboxWarning } from './outbox/directory.js';
import { type Addressed, type Destination, isFor, type OutboxEntry, type OutboxOrder } from './outbox/entry.js';
import { type EntryName, entryName, hashOf } from './outbox/file-name.js';
import type { StuiPaths } from './paths.js';
import { writeFailure } from './system-error.js';

export type { Processes, ProcessIdentity } from '../files/process-identity.js';
export type { Acceptance } from './outbox/admission.js';
export type { Delivery, DeliveryOptions } from './outbox/delivery.js';
export type { OutboxWarning } from './outbox/directory.js';
export {
  type Addressed,
  type ChangeOrder,
  type Destination,
  type EvaluationOrder,
  isChange,
  isFor,
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
   * @returns the entry that is there already if the key was accepted for the same code or patch, session and backend:
   *   look at its `state` and `owner` to see who delivers it
   * @throws OutboxKeyConflict if the key stands for something else
   * @throws LocalStateFull, LocalStateReadOnly, UnsafePath, ... if it was not accepted; nothing is left behind then
   */
  accept(order: Addressed<OutboxOrder>): Acceptance {
    return accept(this.directory, order, this.now);
  }

  /** @throws OutboxKeyConflict if something else waits under the key of an order that is not to be kept here itself */
  requireFree(order: Addressed<OutboxOrder>): void {
    existing(this.directory, this.directory.look(), order);
  }

  /** All entries, or those for a backend, in order of acceptance. */
  list(destination?: Destination): readonly OutboxEntry[] {
    return this.directory
      .look()
      .entries.map((name) => this.directory.readIfKnown(name))
      .filter((entry) => entry !== undefined)
      .filter((entry) => destination === undefined || isFor(entry, destination));
  }

  /** @throws LocalStateNewer if a newer stui accepted it and this one cannot understand it */
  get(key: string): OutboxEntry | undefined {
    const [name] = this.named(key);
    return name && this.directory.read(name);
  }

  /**
   * Gives up an entry that this process owns: whoever comes next delivers it. Needs no room on the disk. The entry is
   * durable under its name of before, and one whose process has ended is delivered by whoever comes next, too: so this
   * need not be durable, and when it fails nothing is taken back.
   * @returns the entry as it is now, undefined if it is gone
   * @throws LocalStateReadOnly, LocalStateUnusable
   */
  release(entry: OutboxEntry): OutboxEntry | undefined {
    const own = entryName(entry.order, hashOf(entry.key), this.directory.processes.self());
    if (this.rename(own, null)) return { ...entry, state: 'queued', owner: null };
    const name = this.nameOf(entry);
    return name && this.directory.read(name);
  }

  /**
   * Takes over an entry that nobody delivers, so that nobody else delivers or drops it.
   * @returns the entry, owned by this process; undefined if it is gone, or a process that lives has it
   * @throws LocalStateReadOnly, LocalStateUnusable
   */
  claim(entry: OutboxEntry): OutboxEntry | undefined {
    const owner = this.directory.processes.self();
    for (let name = this.nameOf(entry); name !== undefined && this.isUnowned(name); name = this.nameOf(entry)) {
      if (this.rename(name, owner)) return { ...entry, state: 'sending', owner };
    }
    return undefined;
  }

  /**
   * Forgets an entry that a backend has acknowledged, whoever owns it. Durable when it returns; removing what is not
   * there is fine.
   * @throws LocalStateReadOnly, LocalStateUnusable
   */
  remove(entry: OutboxEntry): void {
    try {
      let name = this.nameOf(entry);
      if (name === undefined) return;
      // Again, because somebody may have renamed it just now.
      for (; name !== undefined; name = this.nameOf(entry)) unlinkIfThere(join(this.directory.path, name.file));
      syncDirectory(this.directory.path);
    } catch (error) {
      throw writeFailure(error, this.directory.path);
    }
  }

  /**
   * Takes back an entry that this process has accepted and no backend has.
   * @returns whether it will not be delivered any more; false if it has been released
   * @throws LocalStateReadOnly, LocalStateUnusable; it may be delivered then
   */
  withdraw(entry: OutboxEntry): boolean {
    const { path, processes } = this.directory;
    try {
      // By this very name: what was released is what somebody was told will be delivered.
      const own = entryName(entry.order, hashOf(entry.key), processes.self());
      if (unlinkIfThere(join(path, own.file))) syncDirectory(path);
      return this.nameOf(entry) === undefined;
    } catch (error) {
      throw writeFailure(error, path);
    }
  }

  /**
   * Forgets an entry that is not wanted any more. It is never delivered when this returns, also after a loss of power.
   * @throws NotInOutbox if there is none
   * @throws BeingDelivered if a process that lives has it
   * @throws LocalStateReadOnly, LocalStateUnusable
   */
  drop(key: string): void {
    for (let entry = this.get(key); ; entry = this.get(key)) {
      if (entry === undefined) throw new NotInOutbox(key);
      if (entry.owner !== null && !this.directory.processes.isGone(entry.owner)) {
        throw new BeingDelivered(key, entry.owner.pid);
      }
      const claimed = this.claim(entry);
      if (claimed === undefined) continue;
      try {
        this.remove(claimed);
        return;
      } catch (error) {
        this.release(claimed);
        throw error;
      }
    }
  }

  /**
   * What a newcomer has to deliver before its own, in order of acceptance: entries that are queued, and those whose
   * owner is gone. Claim each inside of `withDelivery`, another process may have delivered or dropped it meanwhile.
   */
  orphans(destination: Destination): readonly OutboxEntry[] {
    return this.list(destination).filter((entry) => this.isUnowned(entry));
  }

  /** Whether an entry that was accepted is left to whoever comes next: it is there, and no process that lives has it. */
  isWaiting(entry: OutboxEntry): boolean {
    const name = this.nameOf(entry);
    return name !== undefined && this.isUnowned(name);
  }

  /** Whether a process that lives delivers what others have left for a backend. */
  isBeingDelivered(destination: Destination): boolean {
    const subject = hashOf(subjectOf(destination));
    return this.directory.look().reservations.some((each) => each.purpose === 'delivering' && each.subject === subject);
  }

  /**
   * Runs `work` while no other process, and no other call in this one, delivers to the same backend; a process that was
   * killed while it did does not count.
   * @returns `ran: false` if another one delivered for longer than `waitMs`
   * @throws LocalStateReadOnly, LocalStateFull, UnsafePath, and what `work` throws
   */
  withDelivery<R>(
    destination: Destination,
    work: () => R | Promise<R>,
    options: DeliveryOptions,
  ): Promise<Delivery<R>> {
    return deliver(this.directory, subjectOf(destination), work, options);
  }

  private isUnowned({ owner }: Pick<OutboxEntry, 'owner'>): boolean {
    return owner === null || this.directory.processes.isGone(owner);
  }

  private named(key: string): readonly EntryName[] {
    const keyHash = hashOf(key);
    return this.directory.look().entries.filter((name) => name.keyHash === keyHash);
  }

  private nameOf({ order }: OutboxEntry): EntryName | undefined {
    return this.directory.look().entries.find((name) => name.order === order);
  }

  /** @returns false if the file has another name by now, or is gone */
  private rename(from: EntryName, owner: ProcessIdentity | null): boolean {
    const { path } = this.directory;
    const to = entryName(from.order, from.keyHash, owner);
    try {
      renameSync(join(path, from.file), join(path, to.file));
      return true;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw writeFailure(error, path);
    }
  }
}

/** What all who deliver to a backend know it by. */
function subjectOf({ connection, endpoint }: Destination): string {
  return endpoint ?? connection;
}

/** @returns whether it was there */
function unlinkIfThere(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    return false;
  }
}
