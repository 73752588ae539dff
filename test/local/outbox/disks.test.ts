import { appendFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { LocalStateFull, LocalStateReadOnly, LocalStateUnusable } from '../../../src/local/errors.js';
import { itMounts, mountTmpfs, remount } from '../privileged.js';
import { temporaryDirectory } from '../temporary.js';
import { files, keys, LAB, order, outboxIn } from './orders.js';

const PAGE = 4096;

/** Some eight pages. */
const LONG = 'Transcript cr. '.repeat(2_000);

/** Fills the disk but for `pages` pages. @returns the file that does it */
function fill(disk: string, pages: number): string {
  const filler = join(disk, 'filler');
  writeFileSync(filler, '');
  try {
    for (;;) appendFileSync(filler, Buffer.alloc(PAGE));
  } catch {
    truncateSync(filler, statSync(filler).size - pages * PAGE);
  }
  return filler;
}

describe('an outbox on a full disk', () => {
  itMounts('accepts nothing, however much of it fits, and keeps what it has', () => {
    const disk = mountTmpfs('size=256k');
    const outbox = outboxIn(disk);
    outbox.accept(order('a'));
    const before = files(disk);
    for (const pages of [0, 1, 2, 3, 4, 5]) {
      const filler = fill(disk, pages);
      expect(() => outbox.accept(order('long', { code: LONG }))).toThrow(LocalStateFull);
      expect(files(disk)).toEqual(before);
      expect(keys(outboxIn(disk))).toEqual(['a']);
      rmSync(filler);
    }
    outbox.accept(order('long', { code: LONG }));
    expect(keys(outbox)).toEqual(['a', 'long']);
  });

  itMounts('can be read, released, delivered and removed from', async () => {
    const disk = mountTmpfs('size=256k');
    const outbox = outboxIn(disk);
    outbox.accept(order('a'));
    outbox.accept(order('b'));
    fill(disk, 0);
    outbox.releaseKey('a');
    expect(outbox.get('a')).toMatchObject({ ...order('a'), state: 'queued' });
    const deliver = () => outbox.orphans(LAB).map(({ key }) => outbox.removeKey(key));
    expect(await outbox.withDelivery(LAB, deliver, { waitMs: 0 })).toMatchObject({ ran: true });
    expect(keys(outbox)).toEqual(['b']);
  });

  itMounts('has no room for a name either, and says so', () => {
    const disk = mountTmpfs('size=256k,nr_inodes=4');
    outboxIn(disk).accept(order('a'));
    writeFileSync(join(disk, 'last'), '');
    expect(() => outboxIn(disk).accept(order('b'))).toThrow(LocalStateFull);
    expect(keys(outboxIn(disk))).toEqual(['a']);
  });
});

describe('an outbox on a read-only disk', () => {
  itMounts('can be read, and refuses any change at once', async () => {
    const disk = mountTmpfs('size=256k');
    const outbox = outboxIn(disk);
    outbox.accept(order('a'));
    writeFileSync(join(disk, 'outbox', 'notes.txt'), 'foreign');
    remount(disk, 'ro');
    expect(keys(outbox)).toEqual(['a']);
    expect(outbox.get('a')).toMatchObject(order('a'));
    expect(() => outbox.accept(order('b'))).toThrow(LocalStateReadOnly);
    expect(() => outbox.releaseKey('a')).toThrow(LocalStateReadOnly);
    expect(() => outbox.removeKey('a')).toThrow(LocalStateReadOnly);
    outbox.removeKey('b');
    const delivery = outbox.withDelivery(LAB, () => undefined, { waitMs: 60_000 });
    await expect(delivery).rejects.toBeInstanceOf(LocalStateReadOnly);
    expect(keys(outbox)).toEqual(['a']);
  });
});

describe('an outbox where there can be no directory', () => {
  it('says so', () => {
    const data = join(temporaryDirectory(), 'file');
    writeFileSync(data, '');
    expect(() => outboxIn(data).list()).toThrow(LocalStateUnusable);
    expect(() => outboxIn(data).accept(order('a'))).toThrow(LocalStateUnusable);
  });
});
