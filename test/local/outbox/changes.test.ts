/** Changes of contexts in the outbox, beside evaluations. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OutboxKeyConflict } from '../../../src/local/errors.js';
import { type ChangeOrder, isChange } from '../../../src/local/outbox.js';
import { temporaryDirectory } from '../temporary.js';
import { change, files, keys, LAB, order, outboxIn } from './orders.js';

function contentOf(data: string, index = 0) {
  return JSON.parse(readFileSync(join(data, 'outbox', files(data)[index] ?? ''), 'utf8'));
}

describe('a change of a context', () => {
  it('is given back as it was, in one order with evaluations', () => {
    const data = temporaryDirectory();
    const outbox = outboxIn(data);
    outbox.accept(order('a'));
    const { entry } = outbox.accept(change('b', { ifRevision: 9 }));
    outbox.accept(order('c'));
    expect(entry).toMatchObject({ ...change('b', { ifRevision: 9 }), state: 'sending' });
    expect(outboxIn(data).get('b')).toEqual(entry);
    expect(keys(outboxIn(data))).toEqual(['a', 'b', 'c']);
    expect(outboxIn(data).list().map(isChange)).toEqual([false, true, false]);
  });

  it('is released and removed as an evaluation is', () => {
    const data = temporaryDirectory();
    const outbox = outboxIn(data);
    outbox.accept(change('a'));
    const released = outbox.releaseKey('a');
    expect(outboxIn(data).orphans(LAB)).toEqual([released]);
    outbox.removeKey('a');
    expect(keys(outbox)).toEqual([]);
  });

  it('may have been made from a context that was never seen', () => {
    const data = temporaryDirectory();
    outboxIn(data).accept(change('a', { base: null }));
    expect(outboxIn(data).get('a')).toMatchObject({ base: null });
  });

  it('has its key to itself: neither another patch nor an evaluation gets it', () => {
    const data = temporaryDirectory();
    const { entry } = outboxIn(data).accept(change('a'));
    expect(outboxIn(data).accept(change('a', { base: 8 }))).toEqual({ entry, isNew: false });
    for (const other of [change('a', { patch: { buffer: '' } }), change('a', { session: 'other' }), order('a')]) {
      expect(() => outboxIn(data).accept(other)).toThrow(OutboxKeyConflict);
    }
    outboxIn(data).accept(order('b'));
    expect(() => outboxIn(data).accept(change('b'))).toThrow(OutboxKeyConflict);
    expect(outboxIn(data).get('a')).toEqual(entry);
  });

  it('gives back any patch', () => {
    const data = temporaryDirectory();
    const patches = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' }));
    fc.assert(
      fc.property(patches, (patch) => {
        const outbox = outboxIn(data);
        // As it comes from a command line: parsed.
        const given = JSON.parse(JSON.stringify({ ...patch, ...JSON.parse('{"__proto__": {"x": 1}}') }));
        outbox.accept(change('a', { patch: given }));
        expect(outbox.warnings).toEqual([]);
        expect(JSON.stringify((outbox.get('a') as ChangeOrder).patch)).toBe(JSON.stringify(given));
        outbox.removeKey('a');
      }),
      { numRuns: 50 },
    );
  });

  it('is never taken for a change that nobody made, whichever bit flipped', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(7), (position, bit) => {
        const data = temporaryDirectory();
        outboxIn(data).accept(change('a', { ifRevision: 9 }));
        const file = join(data, 'outbox', files(data)[0] ?? '');
        const bytes = readFileSync(file);
        const at = position % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        writeFileSync(file, bytes);
        for (const entry of outboxIn(data).list()) expect(entry).toMatchObject(change('a', { ifRevision: 9 }));
      }),
      { numRuns: 50 },
    );
  });
});

describe('the version of the file', () => {
  it.each([order('a'), order('a', { ifRevision: 9 }), change('a'), order('a', { endpoint: null })])(
    'is one that a stui which knows no endpoints leaves where it is: %j',
    (newer) => {
      const data = temporaryDirectory();
      outboxIn(data).accept(newer);
      expect(contentOf(data)).toMatchObject({ schemaVersion: 3, ...newer });
      expect(outboxIn(data).get('a')).toMatchObject(newer);
    },
  );
});
