/**
 * One process at a time, without a lock that somebody would have to break when its holder is killed.
 *
 * Whoever wants a subject announces it first, by a file of its own name, and looks around after that. Of two processes
 * at least the one that looks later sees the other's file; who sees one of a process that lives withdraws. No file is
 * ever handed on, so removing those of killed processes takes nothing from anybody.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import type { OutboxDirectory, Survey } from './directory.js';
import { type Purpose, type ReservationName, reservationName } from './file-name.js';

const FILE_MODE = 0o600;

export interface Announcement {
  readonly name: ReservationName;
  readonly path: string;
  /** Open for writing, until it is withdrawn. */
  readonly descriptor: number;
}

/** @throws the system's error if the file cannot be made */
export function announce(directory: OutboxDirectory, purpose: Purpose, subject: string): Announcement {
  const name = reservationName(purpose, subject, directory.processes.self());
  const path = join(directory.path, name.file);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  return { name, path, descriptor: openSync(path, flags, FILE_MODE) };
}

/** @returns those of others that have announced one of `purposes` for the same subject */
export function rivals(found: Survey, own: ReservationName, purposes: readonly Purpose[]): readonly ReservationName[] {
  return found.reservations.filter(
    ({ file, subject, purpose }) => file !== own.file && subject === own.subject && purposes.includes(purpose),
  );
}

/** Never fails: the work under it is done and judged. The file may have got another name, which it keeps. */
export function withdraw(directory: OutboxDirectory, { name, descriptor }: Announcement): void {
  directory.discard(name.file);
  try {
    closeSync(descriptor);
  } catch {
    // What mattered was synced.
  }
}

/** Milliseconds between attempts: a few times what an entry takes; random, so that rivals do not march in step. */
export function pauseMs(): number {
  return 1 + Math.random() * 10;
}
