/**
 * The names of the outbox's files. They carry all that changes (state and owner) and all that is searched for (order and
 * key), so that changing it is a rename, which is atomic and needs no room, and that searching needs no reading.
 *
 *     0001767323045678-1f0a93bc.KEY.4711-88012-0a1b2c3d4e5f.sending     an entry, with the process that sends it
 *     0001767323045678-1f0a93bc.KEY.queued                              an entry that whoever comes next delivers
 *     SUBJECT.4711-88012-0a1b2c3d4e5f.77aa01ff.adding                   a reservation, see reservation.ts
 */
import { createHash, randomBytes } from 'node:crypto';
import type { ProcessIdentity } from '../../files/process-identity.js';

export type Purpose = 'adding' | 'asking' | 'delivering';

export interface EntryName {
  readonly file: string;
  readonly order: string;
  readonly keyHash: string;
  /** Null when queued. */
  readonly owner: ProcessIdentity | null;
}

export interface ReservationName {
  readonly file: string;
  readonly purpose: Purpose;
  readonly subject: string;
  readonly owner: ProcessIdentity;
}

const OWNER = String.raw`(\d{1,10})(?:-(\d{1,20}-[0-9a-f]{12}))?`;
const ENTRY = new RegExp(`^(\\d{16}-[0-9a-f]{8})\\.([0-9a-f]{32})\\.(?:queued|${OWNER}\\.sending)$`);
const RESERVATION = new RegExp(`^([0-9a-f]{32})\\.${OWNER}\\.[0-9a-f]{8}\\.(adding|asking|delivering)$`);

/** Of the milliseconds in an order: as many as the largest time of JavaScript has. */
const ORDER_DIGITS = 16;

/** Only a file that nobody's clock named can get here; then entries have no order among them, but all are seen. */
const END_OF_TIME_MS = Number.MAX_SAFE_INTEGER;

/** Hexadecimal digits of a digest: 128 bits, nobody finds two keys with the same ones by accident. */
const HASH_DIGITS = 32;

/** Keys and connections are anybody's text; only their digests get into a path. */
export function hashOf(text: string): string {
  // As JSON, because UTF-8 has only one replacement character for all broken surrogates.
  return createHash('sha256').update(JSON.stringify(text)).digest('hex').slice(0, HASH_DIGITS);
}

/**
 * @param newest the largest order that is there, whatever clock it was made by
 * @returns an order behind `newest`, and by the clock where that is later
 */
export function nextOrder(nowMs: number, newest: string | undefined): string {
  const behind = newest === undefined ? 0 : millisecondsOf(newest) + 1;
  const milliseconds = Math.min(Math.max(0, nowMs, behind), END_OF_TIME_MS);
  return `${String(milliseconds).padStart(ORDER_DIGITS, '0')}-${randomName()}`;
}

export function randomName(): string {
  return randomBytes(4).toString('hex');
}

export function entryName(order: string, keyHash: string, owner: ProcessIdentity | null): EntryName {
  const state = owner === null ? 'queued' : `${ownerText(owner)}.sending`;
  return { file: `${order}.${keyHash}.${state}`, order, keyHash, owner };
}

export function reservationName(purpose: Purpose, subject: string, owner: ProcessIdentity): ReservationName {
  return { file: `${subject}.${ownerText(owner)}.${randomName()}.${purpose}`, purpose, subject, owner };
}

/** @returns the name taken apart, undefined if stui gave no such name */
export function parseName(file: string): EntryName | ReservationName | undefined {
  const [, order = '', keyHash = '', entryPid, entryStart] = ENTRY.exec(file) ?? [];
  if (order !== '') {
    return { file, order, keyHash, owner: entryPid === undefined ? null : ownerFrom(entryPid, entryStart) };
  }
  const [, subject, pid, start, purpose] = RESERVATION.exec(file) ?? [];
  if (subject === undefined || pid === undefined) return undefined;
  return { file, purpose: purpose as Purpose, subject, owner: ownerFrom(pid, start) };
}

function millisecondsOf(order: string): number {
  return Number(order.slice(0, ORDER_DIGITS));
}

function ownerText({ pid, startedAt }: ProcessIdentity): string {
  return startedAt === null ? String(pid) : `${pid}-${startedAt}`;
}

function ownerFrom(pid: string, startedAt: string | undefined): ProcessIdentity {
  return { pid: Number(pid), startedAt: startedAt ?? null };
}
