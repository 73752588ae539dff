import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Entry } from '../../src/session/entry.js';
import { entryProblem } from '../../src/session/entry-schema.js';
import { MAX_TTL_MS } from '../../src/session/time-to-live.js';
import { created, entries, input, journals, output } from './entries.js';

const base = { snapshots: [], bindings: {}, classes: [], uncovered: [] };
const restoredWith = (more: object) => ({ type: 'restored', bindings: [], base: { ...base, ...more } });
const deep: unknown = Array.from({ length: 65 }).reduce((inner) => [inner], 1);

describe('entryProblem', () => {
  it('finds none in what a backend writes', () => {
    fc.assert(
      fc.property(journals, (all) => {
        for (const entry of all) expect(entryProblem(entry)).toBeUndefined();
      }),
    );
  });

  it('finds none in an entry with members that a newer stui may add', () => {
    expect(entryProblem({ ...entries(created())[0], more: 1 })).toBeUndefined();
  });

  it('finds one wherever a required member is missing or of another type', () => {
    const optional = new Set(['ttlMs', 'replayed', 'replayOf', 'deferred', 'reason']);
    fc.assert(
      fc.property(journals, fc.nat(), fc.nat(), (all, which, place) => {
        const entry = all[which % all.length] as Entry;
        const names = Object.keys(entry).filter((name) => !optional.has(name));
        const name = names[place % names.length] as string;
        expect(entryProblem({ ...entry, [name]: undefined })).toMatch(name);
        expect(entryProblem({ ...entry, [name]: { a: { b: [] } } })).toEqual(
          // A patch may be any object.
          name === 'patch' ? undefined : expect.stringContaining(name),
        );
        expect(entryProblem({ ...entry, [name]: Number.NaN })).toMatch(name);
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, object, string]>([
    [
      'a name under __proto__ in labels that is no text',
      created({ labels: JSON.parse('{"__proto__": 1}') }),
      'labels.__proto__',
    ],
    ['a time to live beyond what gives a date', created({ ttlMs: MAX_TTL_MS + 1 }), 'ttlMs'],
    ['an outcome that is none', output('a', { outcome: 'fine' as 'value' }), 'outcome'],
    ['a duration that is endless', output('a', { durationMs: Number.POSITIVE_INFINITY }), 'durationMs'],
    ['an error without a stack', output('a', { error: { class: 'E', message: 'm' } as never }), 'error.stack'],
    ['deferred names that are no texts', output('a', { deferred: [1] as never }), 'deferred.0'],
    ['another event of the backend', { type: 'backend', event: 'born' }, 'event'],
    ['a conflict without an id', { type: 'conflict', id: '', path: ['a'], baseRevision: 1 }, 'id'],
    ['a conflict that is nowhere', { type: 'conflict', id: 'c', path: [], baseRevision: 1 }, 'path'],
    [
      'a side of a conflict nested too deep',
      { type: 'conflict', id: 'c', path: ['a'], baseRevision: 1, theirs: deep },
      'theirs',
    ],
    ['a conflict from no revision', { type: 'conflict', id: 'c', path: ['a'], baseRevision: -1 }, 'baseRevision'],
    ['another way to decide', { type: 'resolved', conflict: 'c', choice: 'mine', patch: {} }, 'choice'],
    ['a decision without a patch', { type: 'resolved', conflict: 'c', choice: 'ours' }, 'patch'],
    ['a fork of nothing', { type: 'forked', from: { id: 'a', name: 'b', revision: 1 } }, 'from.head'],
    ['clients that are one text', { type: 'shared', clients: 'all' }, 'clients'],
    ['clients that are not said', { type: 'unshared' }, 'clients'],
    ['a stay of negative length', { type: 'presence', connectedMs: -1, outages: 0, outageMs: 0 }, 'connectedMs'],
    ['half an outage', { type: 'presence', connectedMs: 1, outages: 0.5, outageMs: 0 }, 'outages'],
    ['another kind of notice', { type: 'notice', kind: 'birthday', expiresAt: '' }, 'kind'],
    ['a recorded input without code', { type: 'recorded', source: 'file' }, 'code'],
    [
      'an input that is not redacted, and says so',
      { type: 'recorded', code: '', source: 'file', redacted: false },
      'redacted',
    ],
    ['a repair without what is left', { type: 'repaired', snapshots: [1], reason: '' }, 'base'],
    ['a revision that is none in a repair', { type: 'repaired', snapshots: ['1'], reason: '', base }, 'snapshots.0'],
    ['a revision that is none in a restore', { type: 'restored', bindings: [], at: 1.5 }, 'at'],
    ['another cause of a restore', { type: 'restored', bindings: [], cause: 'boredom' }, 'cause'],
    ['keys that are no texts', { type: 'context', patch: {}, keys: [1] }, 'keys.0'],
    [
      'a snapshot that is none in a base',
      restoredWith({ snapshots: [{ seq: 1, kind: 'some', digest: '', bytes: 0 }] }),
      'base.snapshots.0.kind',
    ],
    ['a binding without a status in a base', restoredWith({ bindings: { x: { at: 1 } } }), 'base.bindings.x.status'],
    [
      'a lost binding without a reason in a base',
      restoredWith({ bindings: { x: { status: 'lost', at: 1 } } }),
      'base.bindings.x.reason',
    ],
    [
      'an input without code in a base',
      restoredWith({ uncovered: [{ seq: 1, answeredAt: 2, names: [], unknown: false }] }),
      'base.uncovered.0.code',
    ],
  ])('finds %s', (_, body, place) => {
    const header = { seq: 1, time: '2026-01-01T00:00:00.000Z', client: 'c' };
    expect(entryProblem({ ...header, ...body })).toMatch(new RegExp(`^${place.replaceAll('.', '\\.')}: `));
  });

  it('allows the longest time to live, which gives a date that can be written', () => {
    const [entry] = entries(created({ ttlMs: MAX_TTL_MS }));
    expect(entryProblem(entry)).toBeUndefined();
    expect(new Date(Date.parse('9999-12-31T23:59:59.999Z') + MAX_TTL_MS).toISOString()).toMatch(/^\+01/);
  });

  it.each(['2026-01-01T00:00:00Z', '2026-01-01', '2026-02-30T25:00:00.000Z', 'now', '2026-01-01T00:00:00.000+02:00'])(
    'finds the time %s not to be one that entries have',
    (time) => expect(entryProblem({ ...entries(created())[0], time })).toMatch(/^time: /),
  );

  it.each([null, 1, 'x', [], [[]], {}, { type: 'created' }, undefined])('finds one in %j', (value) => {
    expect(entryProblem(value)).not.toBeUndefined();
  });

  it('stops at the first of a million mistakes', () => {
    const deferred = new Array(1_000_000).fill(1) as never;
    expect(entryProblem(entries(input('a'), output('b', { deferred }))[1])).toMatch(/^deferred\.0: /);
  });
});
