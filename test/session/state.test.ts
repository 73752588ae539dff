import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Entry, EntryBody } from '../../src/session/entry.js';
import { BrokenFold, fold, type SessionState } from '../../src/session/state.js';
import {
  created,
  entries,
  evaluation,
  hostileName,
  input,
  journals,
  lost,
  output,
  snapshot,
  stateAfter,
} from './entries.js';

const asJson = (state: SessionState): string => JSON.stringify(state);
const throughJson = (state: SessionState): SessionState => JSON.parse(asJson(state)) as SessionState;

describe('the fold and its checkpoints', () => {
  it('gives the same state from a checkpoint, kept as JSON at any revision, as from the beginning', () => {
    fc.assert(
      fc.property(journals, fc.nat(), (all, cut) => {
        const at = 1 + (cut % all.length);
        const resumed = fold(all.slice(at), throughJson(fold(all.slice(0, at))));
        expect(asJson(resumed)).toBe(asJson(fold(all)));
      }),
      { numRuns: 1000 },
    );
  });

  it('gives the same state from a checkpoint at every revision at once', () => {
    fc.assert(
      fc.property(journals, ([first, ...rest]) => {
        let state = fold([first as Entry]);
        for (const entry of rest) state = fold([entry], throughJson(state));
        expect(asJson(state)).toBe(asJson(fold([first as Entry, ...rest])));
      }),
      { numRuns: 300 },
    );
  });

  it('leaves the entries as they were', () => {
    fc.assert(
      fc.property(journals, (all) => {
        const before = JSON.stringify(all);
        fold(all);
        expect(JSON.stringify(all)).toBe(before);
      }),
    );
  });

  it('counts every entry in the revision and takes the time of the last one', () => {
    fc.assert(
      fc.property(journals, (all) => {
        const state = fold(all);
        expect(state.revision).toBe(all.length);
        expect(state.updatedAt).toBe(all.at(-1)?.time);
        expect(state.createdAt).toBe(all[0]?.time);
      }),
    );
  });

  it('keeps pending exactly the inputs without an output, oldest first', () => {
    fc.assert(
      fc.property(journals, (all) => {
        const answered = new Set(all.flatMap((entry) => (entry.type === 'output' ? [entry.key] : [])));
        const open = all.flatMap((entry) => (entry.type === 'input' && !answered.has(entry.key) ? [entry.key] : []));
        expect(fold(all).pending.map(({ key }) => key)).toEqual(open);
      }),
    );
  });

  it('folds 100,000 entries, with a thousand classes known and evaluations waiting', () => {
    const classes = Array.from({ length: 1000 }, (_, index) => `Class${index}`);
    const bodies: EntryBody[] = [created(), snapshot('full', { classes })];
    for (let index = 0; index < 500; index++) bodies.push(input(`waiting-${index}`));
    while (bodies.length < 100_000) {
      const key = `key-${bodies.length}`;
      bodies.push(...evaluation(key, 'x := 3'), snapshot('changes', { saved: ['x'], classes: ['Class7'] }));
    }
    const state = fold(entries(...bodies));
    expect(state.pending).toHaveLength(500);
    expect(state.classes).toHaveLength(1000);
  });
});

describe('a user-named key', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'];

  it.each(names)('called %s is kept among bindings, labels and context, also on a state that was JSON', (name) => {
    const patch = JSON.parse(`{${JSON.stringify(name)}: {${JSON.stringify(name)}: 1}}`) as Record<string, unknown>;
    const set = JSON.parse(`{${JSON.stringify(name)}: "label"}`) as Record<string, string>;
    const bodies: EntryBody[] = [
      { type: 'labelled', labels: set },
      { type: 'context', patch },
      snapshot('full', { saved: [name] }),
    ];
    const [first, ...rest] = entries(created(), ...bodies);
    const state = fold(rest, throughJson(fold([first as Entry])));
    expect(Object.entries(state.bindings)).toEqual([[name, { status: 'saved', at: 4 }]]);
    expect(Object.entries(state.labels)).toEqual([[name, 'label']]);
    expect(JSON.stringify(state.context)).toBe(JSON.stringify(patch));
    expect(asJson(throughJson(state))).toBe(asJson(state));
  });

  it('called __proto__ at creation is a label like any other', () => {
    const state = fold(entries(created({ labels: JSON.parse('{"__proto__": "label"}') })));
    expect(Object.entries(state.labels)).toEqual([['__proto__', 'label']]);
  });

  it('can be removed again, also on a state that was JSON', () => {
    const remove = JSON.parse('{"__proto__": null, "constructor": null}') as Record<string, null>;
    const set = JSON.parse('{"__proto__": "a", "constructor": "b"}') as Record<string, string>;
    const all = entries(
      created({ labels: set }),
      { type: 'context', patch: set },
      snapshot('full', { saved: ['__proto__', 'constructor'] }),
      { type: 'labelled', labels: remove },
      { type: 'context', patch: remove },
      snapshot('changes', { removed: ['__proto__', 'constructor'] }),
    );
    const state = fold(all.slice(3), throughJson(fold(all.slice(0, 3))));
    expect([state.labels, state.context, state.bindings].map((map) => Object.keys(map))).toEqual([[], [], []]);
  });

  it('reaches no prototype', () => {
    fc.assert(
      fc.property(journals, (all) => {
        fold(all.slice(1), throughJson(fold(all.slice(0, 1))));
        expect(Object.keys(Object.prototype)).toEqual([]);
        expect(({} as Record<string, unknown>).x).toBeUndefined();
      }),
    );
  });

  it('never seems to be there when it is not', () => {
    fc.assert(
      fc.property(hostileName, (name) => {
        const { labels, bindings, context } = stateAfter();
        expect([labels[name], bindings[name], context[name]]).toEqual([undefined, undefined, undefined]);
      }),
    );
  });
});

describe('a broken sequence', () => {
  const [first, second, third] = entries(created(), input('a'), output('a')) as [Entry, Entry, Entry];

  it.each<[string, Entry[]]>([
    ['nothing at all', []],
    ['a beginning that is not "created"', entries(input('a'))],
    ['a "created" that is not at 1', [{ ...first, seq: 2 }]],
    ['a second "created"', entries(created(), created())],
    ['a gap', [first, third]],
    ['an entry twice', [first, second, second]],
    ['entries out of order', [first, third, second]],
    ['an output that no input waits for', entries(created(), output('a'))],
    ['a second output for one input', entries(created(), input('a'), output('a'), output('a'))],
    ['an entry of a type this stui does not know', entries(created(), { type: 'dreamt' } as unknown as EntryBody)],
  ])('is refused: %s', (_, sequence) => {
    expect(() => fold(sequence)).toThrow(BrokenFold);
  });

  it('is refused after a checkpoint of another revision', () => {
    expect(() => fold([third], fold([first]))).toThrow(BrokenFold);
  });

  it('does not move the revision of the state it was refused by', () => {
    const state = fold([first]);
    for (const refused of [
      { ...first, seq: 2 },
      { ...third, seq: 2 },
    ])
      expect(() => fold([refused], state)).toThrow(BrokenFold);
    expect(state.revision).toBe(1);
  });
});

describe('evaluations', () => {
  it('are counted when they have an outcome, and as errors when it is no value', () => {
    const outcomes = ['value', 'error', 'interrupted', 'unknown'] as const;
    const state = stateAfter(
      ...outcomes.flatMap((outcome, index) => evaluation(`${index}`, 'x', { outcome })),
      input('open'),
    );
    expect(state).toMatchObject({ evaluations: 4, errors: 3 });
  });
});

describe('pending inputs', () => {
  it('are known to be untouched only right after the backend stopped in order', () => {
    const stopped = [input('a'), { type: 'backend', event: 'stopped' }] as const;
    expect(stateAfter(input('a')).pendingUntouched).toBe(false);
    expect(stateAfter(...stopped).pendingUntouched).toBe(true);
    expect(throughJson(stateAfter(...stopped)).pendingUntouched).toBe(true);
    expect(stateAfter(...stopped, { type: 'backend', event: 'resumed' }).pendingUntouched).toBe(false);
    expect(stateAfter(...stopped, output('a')).pendingUntouched).toBe(false);
  });
});

describe('snapshots', () => {
  it('that are full replace those before; changes are added', () => {
    const state = stateAfter(
      snapshot('full', { saved: ['old'], classes: ['Old'] }),
      snapshot('full', { saved: ['x', 'y'], classes: ['A'] }),
      snapshot('changes', { saved: ['x'], removed: ['y'], classes: ['B', 'A'] }),
    );
    expect(state.snapshots.map(({ seq }) => seq)).toEqual([3, 4]);
    expect(state.classes).toEqual(['A', 'B']);
    expect({ ...state.bindings }).toEqual({ x: { status: 'saved', at: 4 } });
  });

  it('cover every input before them', () => {
    const state = stateAfter(...evaluation('a', 'x := 1', { deferred: ['x'] }), snapshot('changes', { saved: ['x'] }));
    expect(state.uncovered).toEqual([]);
  });

  it('do not forget what is lost until it is saved, removed or defined again', () => {
    const gone = lost('x', 'y', 'z', 'Foo');
    const kept = stateAfter(gone, snapshot('full', { saved: ['a'] }));
    expect(Object.keys(kept.bindings).sort()).toEqual(['Foo', 'a', 'x', 'y', 'z']);
    const again = stateAfter(gone, snapshot('changes', { saved: ['x'], removed: ['y'], classes: ['Foo'] }));
    expect(Object.entries(again.bindings).map(([name, { status }]) => [name, status])).toEqual([
      ['x', 'saved'],
      ['z', 'lost'],
    ]);
  });

  it('say which bindings they could not carry, and why', () => {
    const state = stateAfter(snapshot('full', { unsaved: [{ name: 'file', reason: 'holds an open file' }] }));
    expect(state.bindings['file']).toEqual({ status: 'unsaved', at: 2, reason: 'holds an open file' });
  });
});

describe('uncovered inputs', () => {
  it('are those with deferred bindings or an unknown outcome, and all that follow them', () => {
    const state = stateAfter(
      ...evaluation('a', 'a := 1'),
      ...evaluation('b', 'b := 2', { deferred: ['b', 'list'] }),
      ...evaluation('c', 'b foo'),
      ...evaluation('d', 'd := 4', { outcome: 'unknown' }),
    );
    expect(state.uncovered).toEqual([
      { seq: 4, answeredAt: 5, code: 'b := 2', names: ['b', 'list'], unknown: false, durationMs: 1 },
      { seq: 6, answeredAt: 7, code: 'b foo', names: [], unknown: false, durationMs: 1 },
      { seq: 8, answeredAt: 9, code: 'd := 4', names: ['d'], unknown: true, durationMs: 1 },
    ]);
  });

  it('are not those that deferred nothing', () => {
    expect(stateAfter(...evaluation('a', 'a := 1', { deferred: [] })).uncovered).toEqual([]);
  });

  it('believe the names of the engine; where it knows none, those that the code assigns', () => {
    const named = stateAfter(...evaluation('a', '| t | t := 1. a := t', { deferred: ['a', '*'] }));
    expect(named.uncovered).toEqual([
      {
        seq: 2,
        answeredAt: 3,
        code: '| t | t := 1. a := t',
        names: ['a'],
        unknown: false,
        unbounded: true,
        durationMs: 1,
      },
    ]);
    const unnamed = stateAfter(...evaluation('a', 'a := 1', { deferred: ['*'] }));
    expect(unnamed.uncovered).toEqual([
      { seq: 2, answeredAt: 3, code: 'a := 1', names: ['a'], unknown: false, unbounded: true, durationMs: 1 },
    ]);
  });
});

describe('a restore', () => {
  const big = evaluation('a', 'a := Big new', { deferred: ['a'] });

  it('reopens a closed session', () => {
    expect(stateAfter({ type: 'closed', reason: 'expired' }).closed).toBe('expired');
    expect(stateAfter({ type: 'closed', reason: 'expired' }, lost()).closed).toBeNull();
  });

  it('keeps what it could not cover replayable', () => {
    const state = stateAfter(...big, lost('a'));
    expect(state.uncovered).toEqual([]);
    expect(state.replayable.map(({ seq }) => seq)).toEqual([2]);
  });

  it('keeps what restores before it could not cover replayable too, in order', () => {
    const state = stateAfter(
      ...big,
      lost('a'),
      ...evaluation('b', 'b foo', { outcome: 'unknown' }),
      lost('a'),
      lost('a'),
    );
    expect(state.replayable.map(({ seq }) => seq)).toEqual([2, 5]);
  });

  it('with a replay settles the inputs that ran again, and no others', () => {
    const state = stateAfter(...big, ...evaluation('b', 'b := 1', { outcome: 'unknown' }), lost('a', 'b'), {
      type: 'restored',
      bindings: [],
      replayed: [4],
    });
    expect(state.replayable.map(({ seq }) => seq)).toEqual([2]);
  });

  it('with a replay whose own values were too big to be saved leaves them uncovered', () => {
    const state = stateAfter(
      ...big,
      lost('a'),
      { ...input('replay', 'a := Big new'), replayOf: 2 },
      output('replay', { deferred: ['a'] }),
      { type: 'restored', bindings: [{ name: 'a', fidelity: 'replayed' }], replayed: [2] },
    );
    expect(state.uncovered.map(({ seq }) => seq)).toEqual([5]);
    expect(state.replayable).toEqual([]);
  });

  it('with a replay whose outcome is unknown leaves that one uncovered', () => {
    const state = stateAfter(
      ...big,
      lost('a'),
      { ...input('replay', 'a := Big new'), replayOf: 2 },
      output('replay', { outcome: 'unknown' }),
      { type: 'restored', bindings: [], replayed: [2] },
    );
    expect(state.uncovered.map(({ seq, unknown }) => [seq, unknown])).toEqual([[5, true]]);
  });

  it('is offered what followed a lost input for as long as that one', () => {
    const followed = [...evaluation('a', 'a := 1', { deferred: ['a'] }), ...evaluation('b', 'a foo'), lost('a')];
    const other = stateAfter(...followed, snapshot('changes', { saved: ['x'] }));
    expect(other.replayable.map(({ seq }) => seq)).toEqual([2, 4]);
    expect(stateAfter(...followed, snapshot('changes', { saved: ['a'] })).replayable).toEqual([]);
  });

  it('is not offered a replay that would only bring old values back', () => {
    const twice = [...evaluation('a', 'a := 1. b := 2', { deferred: ['a', 'b'] }), lost('a', 'b')];
    const half = stateAfter(...twice, snapshot('changes', { saved: ['a'] }));
    expect(half.replayable.map(({ seq }) => seq)).toEqual([2]);
    const whole = stateAfter(...twice, snapshot('changes', { saved: ['a'] }), snapshot('changes', { removed: ['b'] }));
    expect(whole.replayable).toEqual([]);
  });

  it('is still offered a replay of what nobody knows the extent of', () => {
    const unknown = [
      ...evaluation('a', 'a := 1', { outcome: 'unknown' }),
      lost('a'),
      snapshot('full', { saved: ['a'] }),
    ];
    expect(stateAfter(...unknown).replayable.map(({ seq }) => seq)).toEqual([2]);
    const unbounded = [
      ...evaluation('a', 'a := 1', { deferred: ['a', '*'] }),
      lost('a'),
      snapshot('full', { saved: ['a'] }),
    ];
    expect(stateAfter(...unbounded).replayable.map(({ seq }) => seq)).toEqual([2]);
  });
});

describe('renaming and labelling', () => {
  it('take the last name, set labels, and remove those given as null', () => {
    const state = stateAfter(
      { type: 'renamed', name: 'other' },
      { type: 'labelled', labels: { branch: 'main', build: '7' } },
      { type: 'labelled', labels: { branch: null, none: null } },
    );
    expect(state.name).toBe('other');
    expect({ ...state.labels }).toEqual({ build: '7' });
  });
});
