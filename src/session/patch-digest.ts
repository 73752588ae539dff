/** By which a change that comes again under its key is told from another one. */
import { createHash } from 'node:crypto';
import { canonical, type JsonObject } from './json.js';

/** Hexadecimal digits: 128 bits, nobody finds two patches with the same ones by accident. */
const DIGITS = 32;

/** @returns the same for patches that say the same, whatever order they say it in */
export function patchDigest(patch: JsonObject): string {
  return createHash('sha256').update(canonical(patch)).digest('hex').slice(0, DIGITS);
}
