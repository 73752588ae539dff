/** Changes of contexts in the outbox, beside evaluations; and files that another version of stui wrote. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OutboxKeyConflict } from '../../../src/local/errors.js';
import { hashOf } from '../../../src/local/outbox/file-name.js';
import { type ChangeOrder, isChange } from '../../../src/local/outbox.js';
import { temporaryDirectory } from '../temporary.js';
import { change, files, keys, order, outboxIn } from './orders.js';

function contentOf(data: string, index = 0) {
  return JSON.parse(readFileSync(join(data, 'outbox', files(data)[index] ?? ''), 'utf8'));
}

describe('a change of a context', () => {
  it('is given back as it was, in one order with evaluations', () => {
    const data = temporaryDirectory();
    const outbox = outboxIn(data);
    outbox.add(order('a'));
    const entry = outbox.add(change('b', { ifRevision: 9 }));
    outbox.add(order('c'));
    expect(entry).toMatchObject({ ...change('b', { ifRevision: 9 }), state: 'sending' });
    expect(outboxIn(data).get('b')).toEqual(entry);
    expect(keys(outboxIn(data))).toEqual(['a', 'b', 'c']);
    expect(outboxIn(data).list().map(isChange)).toEqual([false, true, false]);
  });

  it('is released and removed as an evaluation is', () => {
    const data = temporaryDirectory();
    const outbox = outboxIn(data);
    outbox.add(change('a'));
    const released = outbox.release('a');
    expect(outboxIn(data).orphans('lab')).toEqual([released]);
    outbox.remove('a');
    expect(keys(outbox)).toEqual([]);
  });

  it('may have been made from a context that was never seen', () => {
    const data = temporaryDirectory();
    outboxIn(data).add(change('a', { base: null }));
    expect(outboxIn(data).get('a')).toMatchObject({ base: null });
  });

  it('has its key to itself: neither another patch nor an evaluation gets it', () => {
    const data = temporaryDirectory();
    const entry = outboxIn(data).add(change('a'));
    expect(outboxIn(data).add(change('a', { base: 8 }))).toEqual(entry);
    for (const other of [change('a', { patch: { buffer: '' } }), change('a', { session: 'other' }), order('a')]) {
      expect(() => outboxIn(data).add(other)).toThrow(OutboxKeyConflict);
    }
    outboxIn(data).add(order('b'));
    expect(() => outboxIn(data).add(change('b'))).toThrow(OutboxKeyConflict);
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
        outbox.add(change('a', { patch: given }));
        expect(outbox.warnings).toEqual([]);
        expect(JSON.stringify((outbox.get('a') as ChangeOrder).patch)).toBe(JSON.stringify(given));
        outbox.remove('a');
      }),
      { numRuns: 50 },
    );
  });

  it('is never taken for a change that nobody made, whichever bit flipped', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(7), (position, bit) => {
        const data = temporaryDirectory();
        outboxIn(data).add(change('a', { ifRevision: 9 }));
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

describe('versions of the file', () => {
  it('of before there were changes are read', () => {
    const data = temporaryDirectory();
    mkdirSync(join(data, 'outbox'), { recursive: true, mode: 0o700 });
    const { key, connection, session, code, timeoutMs, client } = order('old');
    const acceptedAt = '2026-01-02T03:04:05.678Z';
    const content = JSON.stringify([key, connection, session, code, timeoutMs, client, acceptedAt]);
    const digest = createHash('sha256').update(content).digest('hex');
    const file = { schemaVersion: 1, digest, ...order('old'), acceptedAt };
    writeFileSync(join(data, 'outbox', `0001767323045678-00000000.${hashOf('old')}.queued`), JSON.stringify(file));
    const outbox = outboxIn(data);
    expect(outbox.list()).toMatchObject([{ ...order('old'), acceptedAt, state: 'queued' }]);
    expect(outbox.warnings).toEqual([]);
  });

  it('are the one of before for what could be said then, so that an older stui delivers it', () => {
    const data = temporaryDirectory();
    outboxIn(data).add(order('a'));
    expect(contentOf(data)).toMatchObject({ schemaVersion: 1, code: order('a').code });
  });

  it.each([change('a'), order('a', { ifRevision: 9 })])(
    'are a newer one for what an older stui would take for something else: %j',
    (newer) => {
      const data = temporaryDirectory();
      outboxIn(data).add(newer);
      expect(contentOf(data)).toMatchObject({ schemaVersion: 2, ...newer });
      expect(outboxIn(data).get('a')).toMatchObject(newer);
    },
  );
});
