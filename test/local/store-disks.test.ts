import {
  appendFileSync,
  chmodSync,
  chownSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { describe, expect, it } from '@jest/globals';
import { clientId } from '../../src/local/client-id.js';
import { loadConf } from '../../src/local/conf-module.js';
import { LocalStateFull, LocalStateReadOnly } from '../../src/local/errors.js';
import { openLocalState } from '../../src/local/state.js';
import { adding, type Numbers, numbersStore } from './numbers-store.js';
import { itMounts, mountTmpfs, remount } from './privileged.js';
import { temporaryDirectory } from './temporary.js';

const PAGE = 4096;

/** User and group id that own nothing, by convention. */
const NOBODY = 65_534;

/** Some eight pages as JSON. */
const LONG: Numbers = { numbers: Array.from({ length: 4_000 }, (_, index) => index) };

/** Fills the disk but for `pages` pages. */
function fill(disk: string, pages: number): void {
  const filler = join(disk, 'filler');
  writeFileSync(filler, '');
  try {
    for (;;) appendFileSync(filler, Buffer.alloc(PAGE));
  } catch {
    const size = readFileSync(filler).length;
    truncateSync(filler, size - pages * PAGE);
  }
}

describe('a store on a full disk', () => {
  itMounts('keeps its old content and says that there is no room, however much of the new one fits', async () => {
    const disk = mountTmpfs('size=256k');
    const store = numbersStore(disk);
    await store.update(adding(1));
    const before = readFileSync(store.file, 'utf8');
    const messages: string[] = [];
    for (const pages of [0, 1, 2, 3, 4]) {
      fill(disk, pages);
      const error = await store.update(() => LONG).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(LocalStateFull);
      messages.push((error as Error).message);
      expect(readFileSync(store.file, 'utf8')).toBe(before);
      expect(readdirSync(disk).filter((name) => name.includes('next-') || name.endsWith('.lock'))).toEqual([]);
      rmSync(join(disk, 'filler'));
    }
    // The dangerous case, which conf alone reports as a success: the write is cut short without an error.
    expect(messages).toContainEqual(expect.stringContaining('did not keep all'));
    await store.update(() => LONG);
    expect(store.read()).toEqual(LONG);
  });

  itMounts('does not make a command fail that only wanted to cache something', async () => {
    const disk = mountTmpfs('size=64k');
    const paths = { config: disk, data: disk, cache: disk, run: disk };
    const { sessionCache } = openLocalState(paths, { warn: () => undefined });
    expect(await sessionCache.rememberSession('lab', { id: '1', name: 'one' })).toBe(true);
    fill(disk, 0);
    expect(await sessionCache.rememberSession('lab', { id: '2', name: 'two'.repeat(PAGE) })).toBe(false);
    expect(sessionCache.cachedSessions('lab').sessions).toEqual([{ id: '1', name: 'one' }]);
  });

  itMounts('gets no half-written client id', () => {
    const disk = mountTmpfs('size=64k');
    fill(disk, 0);
    expect(() => clientId({ data: disk })).toThrow(LocalStateFull);
    rmSync(join(disk, 'filler'));
    expect(clientId({ data: disk })).toBe(clientId({ data: disk }));
    expect(readdirSync(disk)).toEqual(['client-id']);
  });
});

describe('a store on a read-only disk', () => {
  itMounts('is read as ever, and a change fails at once', async () => {
    const disk = mountTmpfs('size=64k');
    const store = numbersStore(disk);
    await store.update(adding(1));
    await loadConf();
    remount(disk, 'ro');
    expect(store.read()).toEqual({ numbers: [1] });
    const start = performance.now();
    await expect(store.update(adding(2))).rejects.toBeInstanceOf(LocalStateReadOnly);
    // conf alone tries again for a second.
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('a store in a read-only directory', () => {
  it('is read as ever, and a change is refused', async () => {
    const directory = temporaryDirectory();
    await loadConf();
    await asOrdinaryUser(directory, async () => {
      const store = numbersStore(directory);
      await store.update(adding(1));
      chmodSync(directory, 0o500);
      expect(store.read()).toEqual({ numbers: [1] });
      await expect(store.update(adding(2))).rejects.toBeInstanceOf(LocalStateReadOnly);
      chmodSync(directory, 0o700);
    });
  });
});

/** Permissions do not stop root, so root becomes somebody else for a while, to whom the directory belongs. */
async function asOrdinaryUser(directory: string, work: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return work();
  chownSync(directory, NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
  }
}
