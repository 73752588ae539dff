/** What was asked for under an idempotency key, in a few characters: a key that comes again may be another request. */
import { createHash } from 'node:crypto';
import { canonical, type Json } from './json.js';

/** Hexadecimal digits: 128 bits, nobody finds two requests with the same ones by accident. */
const DIGITS = 32;

/** @returns the same for equal JSON values, whatever the order of their keys */
export function contentDigest(value: Json): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, DIGITS);
}
