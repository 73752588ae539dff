import { execFileSync } from 'node:child_process';
import { appendFileSync, closeSync, cpSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { type Journal, JournalFull } from '../../src/journal/journal.js';
import { openSqliteJournal } from '../../src/journal/sqlite.js';
import { itMounts } from '../local/privileged.js';
import { afterwards, temporaryDirectory } from '../local/temporary.js';
import { created, input, noise, renamed, snapshot } from './drafts.js';

const PAGE = 4096;

/** Unmounted lazily: libsql keeps files open after closing them, until their statements are garbage. */
function smallDisk(size: string): string {
  const point = join(temporaryDirectory(), 'disk');
  mkdirSync(point);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `mode=0700,size=${size}`, 'tmpfs', point]);
  afterwards(() => execFileSync('umount', ['--lazy', point]));
  return point;
}

function fill(disk: string): void {
  const filler = openSync(join(disk, 'filler'), 'a');
  try {
    for (;;) appendFileSync(filler, Buffer.alloc(PAGE));
  } catch {
    closeSync(filler);
  }
}

function makeRoom(disk: string): void {
  rmSync(join(disk, 'filler'));
}

/** Appends until the disk is full. @returns how many appends were acknowledged. */
async function appendUntilFull(journal: Journal, first: number): Promise<number> {
  for (let count = 0; ; count += 1) {
    const results = await Promise.allSettled([
      journal.append('s', [input(`k${first + count}`)]),
      journal.append('t', [renamed(`name ${first + count}`)]),
    ]);
    if (results.every(({ status }) => status === 'fulfilled')) continue;
    // One commit: both or neither.
    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: expect.any(JournalFull) });
    return count;
  }
}

describe('on a full disk', () => {
  itMounts(
    'rejects every append of the commit, keeps what was acknowledged, and goes on when there is space',
    async () => {
      const disk = smallDisk('1m');
      const journal = openSqliteJournal({ directory: disk });
      await journal.append('s', [created('s')]);
      await journal.append('t', [created('t')]);
      let acknowledged = 0;
      for (const _round of [1, 2, 3]) {
        fill(disk);
        acknowledged += await appendUntilFull(journal, acknowledged);
        expect(journal.session('s')?.revision).toBe(acknowledged + 1);
        expect(journal.session('t')?.revision).toBe(acknowledged + 1);
        await expect(journal.append('s', [renamed('x')], { expectedRevision: 0 })).rejects.toThrow();
        makeRoom(disk);
        await journal.append('s', [input(`k${acknowledged}`)], { expectedRevision: acknowledged + 1 });
        await journal.append('t', [renamed('space')], { expectedRevision: acknowledged + 1 });
        acknowledged += 1;
      }
      fill(disk);
      await appendUntilFull(journal, acknowledged);
      await journal.close();
      makeRoom(disk);
      const elsewhere = temporaryDirectory();
      cpSync(disk, elsewhere, { recursive: true });
      const reopened = openSqliteJournal({ directory: elsewhere });
      for (const session of ['s', 't']) {
        expect(reopened.verify(session).damage).toBeUndefined();
        expect(reopened.session(session)?.revision).toBeGreaterThan(acknowledged);
      }
      await reopened.close();
    },
  );

  itMounts('refuses a snapshot that does not fit and takes the small append after it', async () => {
    const disk = smallDisk('1m');
    const journal = openSqliteJournal({ directory: disk });
    await journal.append('s', [created('s')]);
    await expect(journal.append('s', [snapshot(noise(2 * 1024 * 1024))])).rejects.toThrow(JournalFull);
    await journal.append('s', [renamed('small')], { expectedRevision: 1 });
    expect(journal.verify('s')).toMatchObject({ lastGood: 2 });
    await journal.close();
  });

  itMounts('gets space back by removing a session', async () => {
    const disk = smallDisk('3m');
    const journal = openSqliteJournal({ directory: disk });
    await journal.append('big', [created('big'), snapshot(noise(700_000))]);
    await journal.append('s', [created('s')]);
    await expect(journal.append('s', [snapshot(noise(2_500_000))])).rejects.toThrow(JournalFull);
    await journal.remove('big');
    await journal.append('s', [snapshot(noise(700_000))]);
    expect(journal.verify('s')).toMatchObject({ lastGood: 2 });
    await journal.close();
  });

  itMounts('says that there is no room, and leaves a log that alone has the entries where it is', async () => {
    const directory = temporaryDirectory();
    const journal = openSqliteJournal({ directory });
    await journal.append('s', [created('s')]);
    const disk = smallDisk('1m');
    // As a process leaves it that is killed young: nothing is in the file yet.
    cpSync(directory, disk, { recursive: true });
    await journal.close();
    fill(disk);
    const files = readdirSync(disk);
    for (const _attempt of [1, 2]) expect(() => openSqliteJournal({ directory: disk })).toThrow(JournalFull);
    expect(readdirSync(disk)).toEqual(files);
    makeRoom(disk);
    const reopened = openSqliteJournal({ directory: disk });
    expect(reopened.session('s')?.revision).toBe(1);
    await reopened.close();
  });

  itMounts('says so when there is no room to open', () => {
    const disk = smallDisk('64k');
    fill(disk);
    expect(() => openSqliteJournal({ directory: disk })).toThrow(JournalFull);
  });
});

describe('on a disk that may not be written', () => {
  itMounts('says so, and does not call the journal damaged', async () => {
    const directory = temporaryDirectory();
    const journal = openSqliteJournal({ directory });
    await journal.append('s', [created('s')]);
    await journal.close();
    const disk = smallDisk('1m');
    cpSync(directory, disk, { recursive: true });
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    expect(() => openSqliteJournal({ directory: disk })).toThrow(/EROFS/);
  });
});
