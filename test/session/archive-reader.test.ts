/** Archives that are read as they come: what they may hold, and that nothing else has to wait for them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { ArchiveDecoder } from '../../src/session/archive-decoder.js';
import { ARCHIVE_LIMITS, type ArchiveLimits } from '../../src/session/archive-limits.js';
import { BYTES_A_TURN, readArchive } from '../../src/session/archive-reader.js';
import type { EntryBody } from '../../src/session/entry.js';
import { archiveText, snapshotOf } from './archives.js';
import { created, evaluation, input } from './entries.js';

const FULL = Buffer.from('{"roots":{"x":3}}');
const CHANGES = Buffer.from([0, 255, 10, 13, 128]);
const TEXT = archiveText(
  [created(), ...evaluation('a', "x := 'é'"), snapshotOf(FULL), snapshotOf(CHANGES, 'changes')],
  FULL,
  CHANGES,
);

/** Packed text of any size, in a small fraction of it: one member of gzip after another. */
function repeated(text: string, times: number): Buffer {
  const member = gzipSync(text);
  return Buffer.concat(Array.from({ length: times }, () => member));
}

const read = (text: string | Buffer, more: Partial<ArchiveLimits> = {}) =>
  readArchive(gzipSync(text), { ...ARCHIVE_LIMITS, ...more });

function journal(evaluations: number): EntryBody[] {
  const bodies: EntryBody[] = [created()];
  for (let count = 0; count < evaluations; count += 1) bodies.push(...evaluation(`key-${count}`, 'x := x + 1'));
  return bodies;
}

describe('an archive that is read piece by piece', () => {
  it('is the same one, wherever it is cut', () => {
    const bytes = Buffer.from(TEXT);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), (cuts) => {
        const decoder = new ArchiveDecoder();
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        for (const [index, place] of places.entries()) decoder.write(bytes.subarray(places[index - 1] ?? 0, place));
        const { header, entries, blobs } = decoder.end();
        expect([header.revision, entries.length, [...blobs.values()]]).toEqual([5, 5, [FULL, CHANGES]]);
      }),
    );
  });

  it('leaves a turn to everybody else after each small part', async () => {
    const text = archiveText(journal(5_000));
    const most = Math.ceil(BYTES_A_TURN / 150);
    for (const bytes of [Buffer.from(text), gzipSync(text)]) {
      let parsed = 0;
      let mostInATurn = 0;
      const parse = jest.spyOn(JSON, 'parse');
      let reading = true;
      const archive = readArchive(bytes).finally(() => {
        reading = false;
      });
      while (reading) {
        mostInATurn = Math.max(mostInATurn, parse.mock.calls.length - parsed);
        parsed = parse.mock.calls.length;
        await nextTurn();
      }
      parse.mockRestore();
      expect((await archive).state.revision).toBe(10_001);
      expect(parsed).toBeGreaterThanOrEqual(10_001);
      expect(mostInATurn).toBeLessThanOrEqual(most);
    }
  });

  it('is damaged where it is cut short when packed, and whole where something follows the packed text', async () => {
    const packed = gzipSync(TEXT);
    await expect(readArchive(packed.subarray(0, -9))).rejects.toMatchObject({ name: 'DamagedArchive' });
    const followed = Buffer.concat([packed, Buffer.alloc(100_000)]);
    expect((await readArchive(followed)).state.revision).toBe(5);
  });
});

describe('what an archive may hold', () => {
  it('ends at its first line that is none: a gigabyte of line feeds is not looked at', async () => {
    const bomb = repeated('\n'.repeat(1024 * 1024), 1024);
    await expect(readArchive(bomb)).rejects.toMatchObject({ name: 'DamagedArchive' });
    const behind = Buffer.concat([gzipSync(TEXT.slice(0, TEXT.indexOf('\n') + 1)), bomb]);
    await expect(readArchive(behind)).rejects.toMatchObject({ name: 'DamagedArchive', lastGood: 0 });
  });

  it('is a bounded line, also where no line ever ends', async () => {
    const endless = repeated('x'.repeat(1024 * 1024), 1024);
    await expect(readArchive(endless)).rejects.toThrow('This is not a stui archive');
    const header = gzipSync(TEXT.slice(0, TEXT.indexOf('\n') + 1));
    await expect(readArchive(Buffer.concat([header, endless]))).rejects.toMatchObject({ name: 'ArchiveTooLarge' });
  });

  it('is a snapshot of the size that its entry says, however long its line goes on', async () => {
    const start = TEXT.slice(0, TEXT.indexOf('{"snapshot":4') + 30);
    const endless = Buffer.concat([gzipSync(start), repeated('A'.repeat(1024 * 1024), 1024)]);
    await expect(readArchive(endless)).rejects.toThrow('The snapshot of revision 4 is not what was written');
  });

  it.each<[string, Partial<ArchiveLimits>, string]>([
    ['bytes', { bytes: 1000 }, 'unpacks to more than 1000 bytes'],
    ['entries', { entries: 4 }, 'more than 4 entries'],
    ['bytes in a line', { lineBytes: 200 }, 'has more than 200 bytes'],
  ])('is a number of %s', async (_what, limit, message) => {
    await expect(read(TEXT, limit)).rejects.toMatchObject({
      name: 'ArchiveTooLarge',
      message: expect.stringContaining(message),
    });
  });

  it('is entries that do not unpack to many times its size; of snapshots their entries tell', async () => {
    const blank = archiveText([created(), input('a', ' '.repeat(100_000))]);
    const limits = { ratio: 50, freeBytes: 10_000 };
    await expect(read(blank, limits)).rejects.toThrow('more than 50 times its size');
    await expect(read(blank, { ...limits, freeBytes: 200_000 })).resolves.toBeDefined();
    const zeros = Buffer.alloc(100_000);
    await expect(read(archiveText([created(), snapshotOf(zeros)], zeros), limits)).resolves.toBeDefined();
  });
});
