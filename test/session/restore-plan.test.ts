import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntryBody } from '../../src/session/entry.js';
import { planRestore, RESTORE_STRATEGIES, type RestoreOptions } from '../../src/session/restore-plan.js';
import { fold, type SessionState } from '../../src/session/state.js';
import { evaluation, input, journals, lost, output, snapshot, stateAfter } from './entries.js';

const COLD: RestoreOptions = { live: false, strategy: 'snapshot' };
const LIVE: RestoreOptions = { live: true, strategy: 'snapshot' };
const COLD_REPLAY: RestoreOptions = { live: false, strategy: 'replay' };
const LIVE_REPLAY: RestoreOptions = { live: true, strategy: 'replay' };

const saved = snapshot('full', { saved: ['x', 'y'], bytes: 100 });
const unsaved = snapshot('full', { unsaved: [{ name: 'file', reason: 'holds an open file' }] });
const bigX = evaluation('big', 'x := Big new.\rx foo', { deferred: ['x'] });
const unknownX = evaluation('unknown', 'x := 5', { outcome: 'unknown' });
const unknownMutation = evaluation('unknown', 'x add: 5', { outcome: 'unknown' });
const unbounded = evaluation('walk', 'y := Deep new', { deferred: ['y', '*'] });

const TOO_BIG = 'what had changed by input 3 was too big to be saved at once: x := Big new.';
const MAYBE = 'input 3 may have changed it, and its outcome is unknown';

/** What a restore says: the session's journal after `created`, how the restore is asked for, and each binding. */
const CASES: [string, EntryBody[], RestoreOptions, Record<string, [string, string?]>][] = [
  ['a live engine has what was saved', [saved], LIVE, { x: ['live'], y: ['live'] }],
  [
    'a cold one gets it from the snapshot',
    [saved],
    COLD,
    { x: ['snapshot', 'saved at revision 2'], y: ['snapshot', 'saved at revision 2'] },
  ],
  ['a live engine has what cannot be saved', [unsaved], LIVE, { file: ['live'] }],
  ['a cold one loses it, and says why', [unsaved], COLD, { file: ['lost', 'cannot be saved: it holds an open file'] }],
  ['what an earlier restore lost is lost, live', [lost('x')], LIVE, { x: ['lost', 'gone'] }],
  ['what an earlier restore lost is lost, cold', [lost('x')], COLD, { x: ['lost', 'gone'] }],
  [
    'what was lost and then saved is back',
    [lost('x'), saved],
    COLD,
    { x: ['snapshot', 'saved at revision 3'], y: ['snapshot', 'saved at revision 3'] },
  ],

  ['a live engine has a value too big to be saved at once', bigX, LIVE, { x: ['live'] }],
  ['a live engine has it also where an earlier value was lost', [lost('x'), ...bigX], LIVE, { x: ['live'] }],
  ['a cold one loses it', [snapshot('full'), ...bigX], COLD, { x: ['lost', TOO_BIG] }],
  [
    'a cold one loses it and says which value is back instead',
    [saved, ...bigX],
    COLD,
    {
      x: ['lost', `${TOO_BIG}; the value saved at revision 2 is back instead`],
      y: ['snapshot', 'saved at revision 2'],
    },
  ],
  [
    'a replay brings it back',
    [saved, ...bigX],
    COLD_REPLAY,
    { x: ['replayed', 'input 3 runs again'], y: ['snapshot', 'saved at revision 2'] },
  ],
  [
    'a later snapshot covers it',
    [saved, ...bigX, snapshot('changes', { saved: ['x'] })],
    COLD,
    { x: ['snapshot', 'saved at revision 5'], y: ['snapshot', 'saved at revision 2'] },
  ],

  [
    'an unknown outcome casts doubt on what the code assigns',
    [saved, ...unknownX],
    COLD,
    {
      x: ['snapshot', `saved at revision 2; ${MAYBE}: x := 5`],
      y: ['snapshot', `saved at revision 2; ${MAYBE}: x := 5`],
    },
  ],
  [
    'an unknown outcome casts doubt on every binding, as code changes more than it assigns',
    [saved, ...unknownMutation],
    COLD,
    {
      x: ['snapshot', `saved at revision 2; ${MAYBE}: x add: 5`],
      y: ['snapshot', `saved at revision 2; ${MAYBE}: x add: 5`],
    },
  ],
  [
    'an unknown outcome may have bound a name that nothing saved',
    [snapshot('full'), ...unknownX],
    COLD,
    { x: ['lost', `${MAYBE}: x := 5`] },
  ],
  [
    'an unknown outcome makes nothing better that is lost',
    [saved, ...bigX, ...evaluation('u', 'x := 5', { outcome: 'unknown' })],
    COLD,
    {
      x: ['lost', `${TOO_BIG}; the value saved at revision 2 is back instead`],
      y: ['snapshot', 'saved at revision 2; input 5 may have changed it, and its outcome is unknown: x := 5'],
    },
  ],
  [
    'an unknown outcome that runs again may change more than it names',
    [saved, ...unknownX],
    COLD_REPLAY,
    {
      x: ['replayed', 'input 3 runs again'],
      y: ['snapshot', 'saved at revision 2; input 3 runs again and may change it'],
    },
  ],

  [
    'an input that waited casts doubt on what was saved before it ran',
    [
      input('first', 'x := 4'),
      input('second', 'x add: 5'),
      output('first'),
      snapshot('changes', { saved: ['x'] }),
      output('second', { outcome: 'unknown' }),
    ],
    COLD,
    { x: ['snapshot', `saved at revision 5; ${MAYBE}: x add: 5`] },
  ],
  [
    'changes nobody could name cast doubt on every saved binding',
    [saved, ...unbounded],
    COLD,
    {
      x: [
        'snapshot',
        'saved at revision 2; input 3 may have changed it, and not all that it changed is known: y := Deep new',
      ],
      y: [
        'lost',
        'what had changed by input 3 was too big to be saved at once: y := Deep new; the value saved at revision 2 is back instead',
      ],
    },
  ],
  ['changes nobody could name are in a live engine', [saved, ...unbounded], LIVE, { x: ['live'], y: ['live'] }],

  [
    'names that are only guessed from the code are not said to live',
    evaluation('walk', '| t | t := Deep new', { deferred: ['*'] }),
    LIVE,
    {},
  ],

  [
    'after an earlier restore the doubt remains',
    [saved, ...unknownX, lost()],
    COLD,
    {
      x: ['snapshot', `saved at revision 2; ${MAYBE}: x := 5`],
      y: ['snapshot', `saved at revision 2; ${MAYBE}: x := 5`],
    },
  ],
  [
    'a snapshot after the earlier restore ends the doubt',
    [saved, ...unknownX, lost(), snapshot('changes', { saved: ['x'] })],
    COLD,
    { x: ['snapshot', 'saved at revision 6'], y: ['snapshot', `saved at revision 2; ${MAYBE}: x := 5`] },
  ],
  [
    'a value saved after the earlier restore is not said to be lost',
    [saved, ...bigX, lost('x'), snapshot('changes', { saved: ['x'] })],
    COLD,
    { x: ['snapshot', 'saved at revision 6'], y: ['snapshot', 'saved at revision 2'] },
  ],
  [
    'a binding removed after the earlier restore is not said to be lost',
    [...bigX, lost('x'), snapshot('changes', { removed: ['x'] })],
    COLD,
    {},
  ],
  [
    'an earlier restore can be completed in a live engine',
    [saved, ...bigX, lost('x')],
    LIVE_REPLAY,
    { x: ['replayed', 'input 3 runs again'], y: ['live'] },
  ],
  [
    'an earlier restore can be completed in a cold one',
    [saved, ...bigX, lost('x')],
    COLD_REPLAY,
    { x: ['replayed', 'input 3 runs again'], y: ['snapshot', 'saved at revision 2'] },
  ],
  [
    'the last input that changes a name is the one whose replay it comes from',
    [...bigX, lost('x'), ...evaluation('again', 'x := 6', { deferred: ['x'] })],
    COLD_REPLAY,
    { x: ['replayed', 'input 5 runs again'] },
  ],
];

describe('a restore plan', () => {
  it.each(CASES)('%s', (_, bodies, options, expected) => {
    const { bindings } = planRestore(stateAfter(...bodies), options);
    const said = bindings.map(({ name, fidelity, reason }) => [
      name,
      reason === undefined ? [fidelity] : [fidelity, reason],
    ]);
    expect(Object.fromEntries(said)).toEqual(expected);
  });

  it('loads the last full snapshot and the changes after it, in order, into a cold engine only', () => {
    const state = stateAfter(saved, snapshot('full', { bytes: 10 }), snapshot('changes', { bytes: 5 }));
    expect(planRestore(state, COLD)).toMatchObject({ snapshots: [3, 4], snapshotBytes: 15 });
    expect(planRestore(state, LIVE)).toMatchObject({ snapshots: [], snapshotBytes: 0 });
  });

  it('names the inputs that no snapshot covers, of this restore and of earlier ones', () => {
    const state = stateAfter(...bigX, lost('x'), ...unknownMutation, ...evaluation('c', 'y foo'));
    const seqs = (options: typeof COLD) => {
      const { replay, notReplayed } = planRestore(state, options);
      return { replay: replay.map(({ seq }) => seq), notReplayed: notReplayed.map(({ seq }) => seq) };
    };
    expect(seqs(COLD)).toEqual({ replay: [], notReplayed: [2, 5, 7] });
    expect(seqs(COLD_REPLAY)).toEqual({ replay: [2, 5, 7], notReplayed: [] });
    expect(seqs(LIVE)).toEqual({ replay: [], notReplayed: [2] });
    expect(seqs(LIVE_REPLAY)).toEqual({ replay: [2], notReplayed: [] });
  });

  it.each([
    ['a\rb', 'a'],
    ['\n\n  a\nb', 'a'],
    ['x'.repeat(61), `${'x'.repeat(59)}…`],
    [`${'x'.repeat(58)}😀😀`, `${'x'.repeat(58)}…`],
  ])('quotes the beginning of an input: %j', (code, quote) => {
    const [binding] = planRestore(stateAfter(...evaluation('a', code, { deferred: ['x'] })), COLD).bindings;
    expect(binding?.reason).toBe(`what had changed by input 2 was too big to be saved at once: ${quote}`);
  });
});

const options: fc.Arbitrary<RestoreOptions> = fc.record({
  live: fc.boolean(),
  strategy: fc.constantFrom(...RESTORE_STRATEGIES),
});

describe('every restore plan', () => {
  const check = (test: (state: SessionState, options: RestoreOptions) => void) =>
    fc.assert(
      fc.property(journals, options, (entries, asked) => test(fold(entries), asked)),
      { numRuns: 500 },
    );

  it('runs user code again only where it was asked to', () => {
    check((state, asked) => {
      const plan = planRestore(state, asked);
      if (asked.strategy === 'replay') expect(plan.notReplayed).toEqual([]);
      else {
        expect(plan.replay).toEqual([]);
        expect(plan.bindings.map(({ fidelity }) => fidelity)).not.toContain('replayed');
      }
    });
  });

  it('says each binding once, by name, and leaves none out', () => {
    check((state, asked) => {
      const names = planRestore(state, asked).bindings.map(({ name }) => name);
      expect(names).toEqual([...new Set(names)].sort());
      for (const name of Object.keys(state.bindings)) expect(names).toContain(name);
      if (!asked.live)
        for (const name of state.uncovered.flatMap((input) => input.names)) expect(names).toContain(name);
    });
  });

  it('says why, of all that does not simply live on', () => {
    check((state, asked) => {
      for (const { fidelity, reason } of planRestore(state, asked).bindings) {
        if (fidelity !== 'live') expect(reason).not.toBeUndefined();
      }
    });
  });

  it('calls nothing live in an engine that has yet to start', () => {
    check((state, { strategy }) => {
      const { bindings } = planRestore(state, { live: false, strategy });
      expect(bindings.map(({ fidelity }) => fidelity)).not.toContain('live');
    });
  });

  it('takes from a snapshot only what the journal says is saved', () => {
    check((state, asked) => {
      for (const { name, fidelity } of planRestore(state, asked).bindings) {
        if (fidelity === 'snapshot') expect(state.bindings[name]?.status).toBe('saved');
      }
    });
  });

  it('runs or names the inputs in the order in which they ran', () => {
    check((state, asked) => {
      const { replay, notReplayed } = planRestore(state, asked);
      const order = [...replay, ...notReplayed].map(({ answeredAt }) => answeredAt);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    });
  });

  it('leaves the state as it was', () => {
    check((state, asked) => {
      const before = JSON.stringify(state);
      planRestore(state, asked);
      expect(JSON.stringify(state)).toBe(before);
    });
  });
});

describe('a class', () => {
  const first = snapshot('full', { saved: ['x'], classes: ['A'], bytes: 100 });
  const second = snapshot('changes', { saved: ['y'], bytes: 100 });

  it.each([
    ['has come with one before those that are missing, or not: nobody knows', 3, 'lost'],
    ['is there where none is missing', 4, 'snapshot'],
  ])('%s', (_, missingFrom, fidelity) => {
    const { definitions } = planRestore(stateAfter(first, second), { ...COLD, missingFrom });
    expect(definitions).toMatchObject([{ name: 'A', fidelity }]);
  });
});
