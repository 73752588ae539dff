import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SnapshotCache } from '../../../src/engine/embedded/snapshot.js';
import { temporaryDirectory } from '../../local/temporary.js';

/** A program that V8 makes a snapshot of within a moment. */
function cache(program = '') {
  const cacheDir = temporaryDirectory();
  const bundle = join(temporaryDirectory(), 'program.cjs');
  writeFileSync(bundle, program);
  const log: string[] = [];
  const it = new SnapshotCache({ bundle, cacheDir, flags: [], env: {}, log: (message) => log.push(message) });
  const blobs = () => readdirSync(cacheDir).filter((name) => name.endsWith('.blob'));
  return { it, blobs, log };
}

describe('the cache of startup snapshots', () => {
  it('gives out no snapshot from the moment in which it is to be discarded', async () => {
    const { it: snapshots, blobs } = cache();
    const path = await snapshots.blob();
    expect(path).toBeDefined();
    const discarded = snapshots.discard();
    expect(await snapshots.blob()).toBeUndefined();
    await discarded;
    expect(blobs()).toEqual([]);
  });

  it('builds one for all who ask at once', async () => {
    const { it: snapshots, blobs } = cache();
    const paths = await Promise.all([snapshots.blob(), snapshots.blob(), snapshots.blob()]);
    expect(new Set(paths).size).toBe(1);
    expect(blobs()).toHaveLength(1);
  });

  it('does without where the program cannot be made one of, says why, and does not try again', async () => {
    const { it: snapshots, log } = cache('throw new Error("not today");');
    expect(await snapshots.blob()).toBeUndefined();
    expect(await snapshots.blob()).toBeUndefined();
    expect(log).toEqual([expect.stringContaining('not today')]);
  });
});
