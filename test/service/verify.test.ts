import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { PLAIN } from '../../src/cli/style.js';
import { exitOfVerification, isArchive, type Verification, verifyArchive } from '../../src/service/verify.js';
import { verificationText } from '../../src/service/verify-text.js';
import type { Workplace } from '../../src/service/workplace.js';
import { surveyArchive } from '../../src/session/archive-reader.js';
import { temporaryDirectory } from '../local/temporary.js';
import { archiveText, snapshotOf } from '../session/archives.js';
import { created, evaluation } from '../session/entries.js';

const SNAPSHOT = Buffer.from('{"roots":{"x":3}}');
const TEXT = archiveText(
  [created(), ...evaluation('a', 'x := 3'), ...evaluation('b', 'x'), snapshotOf(SNAPSHOT)],
  SNAPSHOT,
);
/** Revisions of the archive. */
const ENTRIES = 6;

/** The archive with one character of the line of a revision changed. */
function damagedAt(revision: number): string {
  const lines = TEXT.split('\n');
  lines[revision] = (lines[revision] as string).replace('"time":"2', '"time":"3');
  return lines.join('\n');
}

/** To look at an archive takes no backend. */
const NOWHERE = {} as Workplace;

function verify(content: string | Buffer): Promise<Verification> {
  const file = join(temporaryDirectory(), 'archive');
  writeFileSync(file, content);
  return verifyArchive(NOWHERE, file, false);
}

describe('an archive', () => {
  it('that is as it was written verifies, packed or not', async () => {
    for (const content of [TEXT, gzipSync(TEXT)]) {
      const report = await verify(content);
      expect(report).toMatchObject({ verified: true, revision: ENTRIES, lastGood: ENTRIES, damage: null });
      expect(exitOfVerification(report)).toBe('ok');
    }
  });

  it('that is damaged is an answer, with the last good revision', async () => {
    for (const revision of [1, 3, ENTRIES]) {
      for (const content of [damagedAt(revision), gzipSync(damagedAt(revision))]) {
        const report = await verify(content);
        expect(report).toMatchObject({ verified: false, revision: ENTRIES, lastGood: revision - 1 });
        expect(report.damage).toContain(`revision ${revision}`);
        expect(exitOfVerification(report)).toBe('damaged');
      }
    }
  });

  it('with a damaged snapshot is damaged, and all its revisions are good', async () => {
    const report = await verify(TEXT.replace(SNAPSHOT.toString('base64').slice(0, 8), 'AAAAAAAA'));
    expect(report).toMatchObject({ verified: false, lastGood: ENTRIES });
  });

  it('of which nothing can be read is damaged', async () => {
    expect(await verify('Dear Smalltalker')).toMatchObject({ verified: false, session: null, name: null, lastGood: 0 });
  });

  it('that is not there is no damage', async () => {
    await expect(verifyArchive(NOWHERE, '/nowhere', false)).rejects.toMatchObject({ code: 'file-not-found' });
  });

  it('made by a newer stui is no damage', async () => {
    await expect(verify(TEXT.replace('"version":1', '"version":2'))).rejects.toMatchObject({ hint: 'Update stui.' });
  });
});

describe('what is left of an archive', () => {
  it('that was cut short is as much as was there', async () => {
    const lines = TEXT.split('\n');
    for (let kept = 1; kept <= ENTRIES; kept += 1) {
      const text = lines.slice(0, kept + 1).join('\n');
      expect((await surveyArchive(Buffer.from(text))).lastGood).toBe(kept);
      expect((await surveyArchive(Buffer.from(text.slice(0, -1)))).lastGood).toBe(kept - 1);
    }
    const packed = gzipSync(TEXT, { level: 0 });
    const { session, name, revision, lastGood } = await surveyArchive(packed.subarray(0, packed.length / 2));
    expect({ session, name, revision }).toEqual({
      session: expect.any(String),
      name: expect.any(String),
      revision: ENTRIES,
    });
    expect(lastGood).toBeGreaterThan(0);
  });

  it('is nothing when its beginning is damaged', async () => {
    const packed = gzipSync(TEXT);
    packed[5] = 0xff;
    packed[12] = 0xff;
    expect((await surveyArchive(packed)).lastGood).toBeLessThanOrEqual(ENTRIES);
    expect(await surveyArchive(Buffer.from([0x1f, 0x8b]))).toEqual({
      session: null,
      name: null,
      revision: null,
      lastGood: 0,
    });
    expect((await surveyArchive(Buffer.from('null\n'))).session).toBeNull();
  });
});

it('a file is an archive, and a directory is none', () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'demo'));
  writeFileSync(join(directory, 'file'), '');
  expect(['-', join(directory, 'file'), join(directory, 'demo'), join(directory, 'none')].map(isArchive)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

describe('a verification in words', () => {
  const good: Verification = {
    session: 's',
    name: 'demo',
    revision: 9,
    verified: true,
    lastGood: 9,
    damage: null,
    badSnapshots: [],
    replay: null,
    file: null,
  };

  it('lists every difference of a replay, and that alone ends with 4', () => {
    const differing = [{ revision: 4, code: 'Random new next\nyourself', recorded: '0.1', replayed: '0.7' }];
    const replay = { inputs: 3, same: 2, differing, skipped: [{ revision: 7, reason: 'its code was not kept' }] };
    const report = { ...good, verified: false, replay };
    expect(verificationText(report, PLAIN)).toBe(
      [
        'demo is as it was written: 9 entries, with their snapshots',
        'ran 3 inputs in a fresh engine: 2 answered as recorded, 1 otherwise',
        'input 4: Random new next',
        '  recorded: 0.1',
        '  replayed: 0.7',
        'input 7 was not compared: its code was not kept',
      ].join('\n'),
    );
    expect(exitOfVerification(report)).toBe('conflict');
    expect(exitOfVerification({ ...report, damage: 'an entry is not what was written' })).toBe('damaged');
  });

  it('says what is damaged, and what to do', () => {
    const badSnapshots = [{ revision: 6, reason: 'its digest is another' }];
    const report = { ...good, verified: false, lastGood: 5, damage: 'entry 6 is not what was written', badSnapshots };
    expect(verificationText(report, PLAIN)).toBe(
      [
        'demo is damaged: entry 6 is not what was written',
        'revisions up to 5 verify',
        'the snapshot of revision 6 of demo is damaged: its digest is another',
        '"stui session repair s --dry-run" says what can be brought back.',
      ].join('\n'),
    );
  });
});
