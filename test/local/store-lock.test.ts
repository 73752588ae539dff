import { existsSync, mkdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { LocalStateLocked } from '../../src/local/errors.js';
import { withLock } from '../../src/local/store-lock.js';
import { temporaryDirectory } from './temporary.js';

const HOUR_MS = 3_600_000;

/** Milliseconds; nobody renews the lock in the tests. */
const UNRENEWED_MS = 20;

/** A lock that a killed process left, before the clock went back. */
function lockedInTheFuture(): string {
  const file = join(temporaryDirectory(), 'store');
  mkdirSync(`${file}.lock`);
  const future = new Date(Date.now() + HOUR_MS);
  utimesSync(`${file}.lock`, future, future);
  return file;
}

describe('a lock with a time in the future', () => {
  it('is taken over when nobody renews it', async () => {
    const file = lockedInTheFuture();
    expect(await withLock(file, HOUR_MS, () => 'done', UNRENEWED_MS)).toBe('done');
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it('is left alone while it may still be renewed', async () => {
    const file = lockedInTheFuture();
    await expect(withLock(file, UNRENEWED_MS, () => 'done', HOUR_MS)).rejects.toThrow(LocalStateLocked);
    expect(existsSync(`${file}.lock`)).toBe(true);
  });
});
