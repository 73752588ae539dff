import { describe, expect, it } from '@jest/globals';
import { PLAIN } from '../../src/cli/style.js';
import { foundDamage, type Repair, type RepairedSession } from '../../src/service/repair.js';
import { repairText } from '../../src/service/repair-text.js';

const WHOLE: RepairedSession = {
  session: 'aaaaaaaa-0000',
  name: 'whole',
  damage: null,
  lastGood: 9,
  cut: 0,
  badSnapshots: [],
  keptIn: null,
};
const HURT: RepairedSession = {
  session: 'bbbbbbbb-0000',
  name: 'hurt\u001b',
  damage: 'entry 5 does not match its hash',
  lastGood: 4,
  cut: 6,
  badSnapshots: [3],
  keptIn: '/kept/hurt',
};
const REPAIR: Repair = { dryRun: false, dataDirectory: null, damage: null, keptIn: null, sessions: [WHOLE] };

describe('a repair in words', () => {
  it('says when there was nothing to do', () => {
    expect(foundDamage(REPAIR)).toBe(false);
    expect(repairText(REPAIR, PLAIN)).toBe('Nothing is damaged.');
  });

  it('says what was wrong with each session, what was taken out, and where that is', () => {
    const repair = { ...REPAIR, sessions: [WHOLE, HURT] };
    expect(foundDamage(repair)).toBe(true);
    expect(repairText(repair, PLAIN).split('\n')).toEqual([
      'hurt\\x1b (bbbbbbbb): entry 5 does not match its hash',
      '  snapshots that cannot be loaded: revision 3',
      '  brought back to revision 4; 6 entries after it were taken out',
      '  kept in /kept/hurt',
      '1 session is whole.',
    ]);
  });

  it('says what would be done', () => {
    const repair = { ...REPAIR, dryRun: true, sessions: [{ ...HURT, badSnapshots: [], keptIn: null }] };
    expect(repairText(repair, PLAIN).split('\n').slice(1)).toEqual([
      '  would be brought back to revision 4; 6 entries after it would be taken out',
      'Nothing was changed. To repair it, leave --dry-run out.',
    ]);
  });

  it('says what was saved out of a journal that is damaged as a whole', () => {
    const whole = { ...REPAIR, damage: 'the file is malformed', keptIn: '/kept/journal' };
    const lost = { ...HURT, name: null, cut: null, badSnapshots: [], keptIn: null };
    expect(repairText({ ...whole, sessions: [WHOLE, lost] }, PLAIN).split('\n')).toEqual([
      'The journal is damaged: the file is malformed',
      'a session whose name is lost (bbbbbbbb): entry 5 does not match its hash',
      '  brought back to revision 4',
      'whole (aaaaaaaa): saved up to revision 9',
      'The journal as it was found is kept in /kept/journal',
    ]);
    expect(repairText({ ...whole, sessions: [] }, PLAIN)).toContain('Nothing of any session could be read.');
  });
});
