/** Reading a store file: what is there, judged, and nothing changed. */
import { isUtf8 } from 'node:buffer';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { systemCode } from '../files/system-error.js';
import { readFailure } from './system-error.js';

export type Fields = Readonly<Record<string, unknown>>;

/** What a store holds: how an empty one looks, and how a value is made from the fields of the file. */
export interface StoreShape<T> {
  /** Raised when a change makes older versions of stui misread the file; adding a field does not. */
  readonly schemaVersion: number;
  empty(): T;
  /** @throws WrongShape naming the field that is not as it should be */
  decode(fields: Fields): T;
}

/** A field of a store file has a wrong type or value. */
export class WrongShape extends Error {}

/** Tells one version of a file from another without reading it: every write makes a new inode. */
export interface Identity {
  readonly inode: bigint;
  readonly size: bigint;
  readonly modifiedNs: bigint;
}

export type Contents<T> =
  | { readonly state: 'absent' }
  | { readonly state: 'good'; readonly value: T; readonly fields: Fields; readonly identity: Identity }
  | { readonly state: 'newer'; readonly value: T | undefined; readonly version: number }
  | { readonly state: 'damaged'; readonly reason: string; readonly identity: Identity };

/**
 * @returns what `file` holds; a file that is not JSON of the right shape, or no file at all, is `damaged`
 * @throws LocalStateUnusable if the system refuses to read it
 */
export function readContents<T>(file: string, shape: StoreShape<T>): Contents<T> {
  const found = readBytes(file);
  if (found === undefined) return { state: 'absent' };
  const { bytes, identity } = found;
  if (typeof bytes === 'string') return { state: 'damaged', reason: bytes, identity };
  return judge(bytes, shape, identity);
}

/** @returns the identity of the file that `file` names now, undefined if there is none. */
export function identityOf(stats: BigIntStats): Identity {
  return { inode: stats.ino, size: stats.size, modifiedNs: stats.mtimeNs };
}

function readBytes(file: string): { bytes: Buffer | string; identity: Identity } | undefined {
  let descriptor: number | undefined;
  try {
    // O_NONBLOCK: opening a FIFO that somebody put here must not wait for its writer.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = fstatSync(descriptor, { bigint: true });
    const identity = identityOf(stats);
    if (stats.isDirectory()) return { bytes: 'it is a directory', identity };
    if (!stats.isFile()) return { bytes: 'it is not a regular file', identity };
    return { bytes: readFileSync(descriptor), identity };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw readFailure(error, file);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function judge<T>(bytes: Buffer, shape: StoreShape<T>, identity: Identity): Contents<T> {
  const damaged = (reason: string): Contents<T> => ({ state: 'damaged', reason, identity });
  // Decoding replaces bad bytes silently: a flipped bit inside a string would pass for its content.
  if (!isUtf8(bytes)) return damaged('it is not UTF-8 text');
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    return damaged(`it is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  if (!isFields(json)) return damaged('it does not hold a JSON object');
  const version = json['schemaVersion'] ?? shape.schemaVersion;
  if (typeof version !== 'number') return damaged('its schemaVersion is not a number');
  const decoded = decode(json, shape);
  if (version > shape.schemaVersion) {
    return { state: 'newer', value: 'value' in decoded ? decoded.value : undefined, version };
  }
  return 'value' in decoded ? { state: 'good', value: decoded.value, fields: json, identity } : damaged(decoded.reason);
}

function decode<T>(fields: Fields, shape: StoreShape<T>): { value: T } | { reason: string } {
  try {
    return { value: shape.decode(fields) };
  } catch (error) {
    if (error instanceof WrongShape) return { reason: error.message };
    throw error;
  }
}

/** @returns whether `json` is a JSON object, neither a list nor null. */
export function isFields(json: unknown): json is Fields {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
