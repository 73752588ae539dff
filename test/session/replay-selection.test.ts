import { describe, expect, it } from '@jest/globals';
import type { EntryBody } from '../../src/session/entry.js';
import { madeUpPrefix, replayKey, selectForReplay } from '../../src/session/replay-selection.js';
import { parseRevisionRange, type RevisionRange } from '../../src/session/revision-range.js';
import { created, entries, evaluation, input, output } from './entries.js';

const SESSION = '0190a1b2-0000-4000-8000-000000000000';

function select(range: string, bodies: readonly EntryBody[], keyPrefix?: string) {
  const request = { session: SESSION, range: parseRevisionRange(range) as RevisionRange, keyPrefix };
  const { inputs, skipped } = selectForReplay(entries(created(), ...bodies), request);
  return { run: inputs.map(({ recorded: { revision, code } }) => `${revision} ${code}`), skipped };
}

describe('the inputs of a range', () => {
  const three = [...evaluation('a', 'A'), ...evaluation('b', 'B'), ...evaluation('c', 'C')];

  it.each([
    ['1..', ['3 A', '5 B', '7 C']],
    ['5', ['5 B']],
    ['4', []],
    ['..5', ['3 A', '5 B']],
    ['4..6', ['5 B']],
    ['last:2', ['5 B', '7 C']],
    ['last:9', ['3 A', '5 B', '7 C']],
  ])('are those whose outputs are in it: %s', (range, run) => {
    expect(select(range, three)).toEqual({ run, skipped: [] });
  });

  it('run in the order in which they were accepted, with the limits they had', () => {
    const bodies = [input('a', 'A'), input('b', 'B'), output('b'), output('a')];
    expect(select('1..', bodies).run).toEqual(['5 A', '4 B']);
    const { inputs } = selectForReplay(entries(created(), ...bodies), { session: SESSION, range: { from: 1, to: 9 } });
    expect(inputs.map(({ timeoutMs }) => timeoutMs)).toEqual([1000, 1000]);
  });

  it('are also those from history files, which never had a limit', () => {
    const recorded = { type: 'recorded', code: 'R', source: 'bash' } as const;
    const all = entries(created(), ...evaluation('a', 'A'), recorded);
    const { inputs } = selectForReplay(all, { session: SESSION, range: { from: 1, to: 9 } });
    expect(inputs.map(({ recorded: { revision, outcome }, timeoutMs }) => [revision, outcome, timeoutMs])).toEqual([
      [3, 'value', 1000],
      [4, 'recorded', undefined],
    ]);
  });

  it('are skipped where the code that ran is not known, or what comes of it', () => {
    const secret = { ...input('a', "password: '[redacted]'"), redacted: true } as const;
    const typed = { type: 'recorded', code: '[redacted]', source: 'zsh', redacted: true } as const;
    expect(select('1..', [secret, output('a'), typed, input('b')])).toEqual({
      run: [],
      skipped: [
        { revision: 3, reason: 'its code held secrets and was not kept' },
        { revision: 4, reason: 'its code held secrets and was not kept' },
        { revision: 5, reason: 'it has no outcome yet' },
      ],
    });
  });

  it('that ran another one of them again are skipped, and run where that one is not among them', () => {
    const again = { ...input('b', 'A'), replayOf: 2 };
    const bodies = [...evaluation('a', 'A'), again, output('b')];
    const skipped = [{ revision: 5, reason: 'it ran 2 again, which is in the range' }];
    expect(select('1..', bodies)).toEqual({ run: ['3 A'], skipped });
    expect(select('4..', bodies)).toEqual({ run: ['5 A'], skipped: [] });
  });

  it('that a replay ran whose prefix was made up for this session are such ones too', () => {
    const key = replayKey(madeUpPrefix(SESSION, '0a1b2c3d'), 3);
    const bodies = [...evaluation('a', 'A'), ...evaluation(key, 'A')];
    expect(select('1..', bodies).run).toEqual(['3 A']);
    const elsewhere = replayKey(madeUpPrefix('0190ffff-0000', '0a1b2c3d'), 3);
    expect(select('1..', [...evaluation('a', 'A'), ...evaluation(elsewhere, 'B')]).run).toEqual(['3 A', '5 B']);
  });
});

describe('a replay that goes on', () => {
  const before = [...evaluation('a', 'A'), ...evaluation('b', 'B')];
  const after = [...before, ...evaluation('again-3', 'A')];

  it.each(['1..', 'last:2'])('takes no notice of what it ran before, wherever the range ends: %s', (range) => {
    expect(select(range, after, 'again')).toEqual(select(range, before, 'again'));
    expect(select(range, after, 'again').skipped).toEqual([]);
  });

  it('takes what has a similar key for what it is', () => {
    const bodies = [...evaluation('again-x', 'A'), ...evaluation('again-1-2', 'B'), ...evaluation('again', 'C')];
    expect(select('1..', bodies, 'again').run).toEqual(['3 A', '5 B', '7 C']);
  });
});
