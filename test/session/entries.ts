/** Journals as short as tests want them, and generators of plausible ones. */
import fc from 'fast-check';
import type { Entry, EntryBody, InputEntry, OutputEntry, SnapshotEntry } from '../../src/session/entry.js';
import { fold, type SessionState } from '../../src/session/state.js';

export function created(more: Partial<EntryBody & { type: 'created' }> = {}): EntryBody {
  return {
    type: 'created',
    id: 'c0ffee00-0000-4000-8000-000000000000',
    name: 'work',
    engine: 'embedded',
    labels: {},
    ...more,
  };
}

export function input(key: string, code = `x := ${key}`): InputEntry {
  return { type: 'input', key, code, timeoutMs: 1000 };
}

export function output(key: string, more: Partial<OutputEntry> = {}): OutputEntry {
  return { type: 'output', key, outcome: 'value', transcript: '', durationMs: 1, ...more };
}

/** Both entries of an evaluation. */
export function evaluation(key: string, code: string, more: Partial<OutputEntry> = {}): EntryBody[] {
  return [input(key, code), output(key, more)];
}

export function snapshot(kind: 'full' | 'changes', more: Partial<SnapshotEntry> = {}): SnapshotEntry {
  return {
    type: 'snapshot',
    kind,
    digest: '0'.repeat(64),
    bytes: 0,
    saved: [],
    removed: [],
    unsaved: [],
    classes: [],
    ...more,
  };
}

export function lost(...names: string[]): EntryBody {
  return { type: 'restored', bindings: names.map((name) => ({ name, fidelity: 'lost', reason: 'gone' })) };
}

/** Entries as they come out of a journal: numbered, dated, and parsed from JSON. */
export function entries(...bodies: EntryBody[]): Entry[] {
  return bodies.map((body, index) => {
    const time = new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString();
    return JSON.parse(JSON.stringify({ seq: index + 1, time, client: 'tester', ...body })) as Entry;
  });
}

/** The state after `created` and what follows it; the first of `bodies` has revision 2. */
export function stateAfter(...bodies: EntryBody[]): SessionState {
  return fold(entries(created(), ...bodies));
}

/** Names that hit something in an ordinary object, and ordinary ones. */
export const hostileName = fc.constantFrom(
  'x',
  'y',
  'list',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '*',
  '7',
  'é',
);
const names = fc.uniqueArray(hostileName, { maxLength: 4 });
const labels = fc.dictionary(hostileName, fc.string(), { maxKeys: 4 });
const patch = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    fc.constant(null),
    fc.integer(),
    fc.string(),
    fc.array(fc.integer(), { maxLength: 2 }),
    tie('object'),
  ),
  object: fc.dictionary(hostileName, tie('value'), { maxKeys: 3 }),
})).object;
const code = fc.constantFrom('x := 3', 'y := x. list add: y', "'x := 4'", 'Object subclass: #A', '');
const outcome = fc.constantFrom('value', 'error', 'interrupted', 'unknown');

type Step =
  | { readonly do: 'append'; readonly body: EntryBody }
  | { readonly do: 'accept'; readonly code: string }
  | { readonly do: 'answer'; readonly which: number; readonly more: Partial<OutputEntry> };

const append = (body: fc.Arbitrary<EntryBody>) => body.map((each): Step => ({ do: 'append', body: each }));

const snapshotBody = fc.record({
  kind: fc.constantFrom('full' as const, 'changes' as const),
  saved: names,
  removed: names,
  unsaved: fc.array(fc.record({ name: hostileName, reason: fc.string() }), { maxLength: 2 }),
  classes: names,
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: code.map((each): Step => ({ do: 'accept', code: each })) },
  {
    weight: 5,
    arbitrary: fc
      .record({ outcome, deferred: fc.oneof(fc.constant([]), names) })
      .chain((more) => fc.nat(9).map((which): Step => ({ do: 'answer', which, more: more as Partial<OutputEntry> }))),
  },
  { weight: 3, arbitrary: append(snapshotBody.map(({ kind, ...more }) => snapshot(kind, more))) },
  append(patch.map((each) => ({ type: 'context' as const, patch: each }))),
  append(fc.constantFrom('a', 'b/c').map((name) => ({ type: 'renamed' as const, name }))),
  append(
    fc
      .dictionary(hostileName, fc.option(fc.string()), { maxKeys: 4 })
      .map((each) => ({ type: 'labelled' as const, labels: each })),
  ),
  append(
    fc
      .record({
        bindings: fc.array(
          fc.record({
            name: hostileName,
            fidelity: fc.constantFrom('live' as const, 'snapshot' as const, 'replayed' as const, 'lost' as const),
          }),
          { maxLength: 3 },
        ),
        replayed: fc.option(fc.array(fc.integer({ min: 2, max: 30 }), { maxLength: 3 }), { nil: undefined }),
      })
      .map(({ bindings, replayed }) => ({ type: 'restored' as const, bindings, ...(replayed ? { replayed } : {}) })),
  ),
  append(fc.constantFrom('stopped' as const, 'resumed' as const).map((event) => ({ type: 'backend' as const, event }))),
  append(
    fc.constantFrom('requested' as const, 'expired' as const).map((reason) => ({ type: 'closed' as const, reason })),
  ),
);

/** Journals of all kinds of entries, in orders that a backend could have written. */
export const journals: fc.Arbitrary<Entry[]> = fc
  .tuple(labels, fc.option(fc.nat(), { nil: undefined }), fc.array(step, { maxLength: 30 }))
  .map(([labels, ttlMs, steps]) => {
    const bodies: EntryBody[] = [created({ labels, ...(ttlMs === undefined ? {} : { ttlMs }) })];
    const pending: string[] = [];
    for (const each of steps) {
      if (each.do === 'append') bodies.push(each.body);
      else if (each.do === 'accept') {
        const key = `key-${bodies.length}`;
        pending.push(key);
        bodies.push(input(key, each.code));
      } else if (pending.length > 0) {
        const [key] = pending.splice(each.which % pending.length, 1);
        bodies.push(output(key as string, each.more));
      }
    }
    return entries(...bodies);
  });
