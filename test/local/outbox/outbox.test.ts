import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NotInOutbox, OutboxKeyConflict, UnsafePath } from '../../../src/local/errors.js';
import { temporaryDirectory } from '../temporary.js';
import { files, keys, order, outboxIn } from './orders.js';

describe('an outbox', () => {
  it('that was never used is empty, and reading it makes nothing', () => {
    const data = join(temporaryDirectory(), 'missing');
    const outbox = outboxIn(data);
    expect(outbox.list()).toEqual([]);
    expect(outbox.get('a')).toBeUndefined();
    expect(outbox.orphans('lab')).toEqual([]);
    outbox.remove('a');
    expect(existsSync(data)).toBe(false);
  });

  it('gives an accepted evaluation back as it was, to any process', () => {
    const data = temporaryDirectory();
    const now = () => new Date('2026-01-02T03:04:05.678Z');
    const entry = outboxIn(data, { now }).add(order('a'));
    expect(entry).toEqual({
      ...order('a'),
      order: expect.stringMatching(/^0001767323045678-/),
      acceptedAt: '2026-01-02T03:04:05.678Z',
      state: 'sending',
      owner: { pid: process.pid, startedAt: expect.anything() },
    });
    expect(outboxIn(data).get('a')).toEqual(entry);
    expect(outboxIn(data).list()).toEqual([entry]);
  });

  it('lists the entries of one connection, or of all', () => {
    const outbox = outboxIn(temporaryDirectory());
    outbox.add(order('a'));
    outbox.add(order('b', { connection: 'far' }));
    outbox.add(order('c'));
    expect(keys(outbox)).toEqual(['a', 'b', 'c']);
    expect(keys(outbox, 'lab')).toEqual(['a', 'c']);
    expect(keys(outbox, 'near')).toEqual([]);
  });

  it('forgets what is removed, and minds no removal of what is not there', () => {
    const data = temporaryDirectory();
    const outbox = outboxIn(data);
    outbox.add(order('a'));
    outbox.add(order('b'));
    outbox.remove('a');
    outbox.remove('a');
    outbox.remove('never');
    expect(keys(outbox)).toEqual(['b']);
    expect(files(data)).toHaveLength(1);
  });

  it('leaves what is released to whoever comes next, where it was in the order', () => {
    const data = temporaryDirectory();
    const outbox = outboxIn(data);
    const entry = outbox.add(order('a'));
    outbox.add(order('b'));
    const released = outbox.release('a');
    expect(released).toEqual({ ...entry, state: 'queued', owner: null });
    expect(outbox.release('a')).toEqual(released);
    expect(outboxIn(data).get('a')).toEqual(released);
    expect(outboxIn(data).orphans('lab')).toEqual([released]);
    expect(keys(outbox)).toEqual(['a', 'b']);
  });

  it('has nothing to release under a key that it does not have', () => {
    expect(() => outboxIn(temporaryDirectory()).release('a')).toThrow(NotInOutbox);
  });

  it('accepts a key once: the same evaluation is the one that is there', () => {
    const data = temporaryDirectory();
    const entry = outboxIn(data).add(order('a'));
    expect(outboxIn(data).add(order('a', { timeoutMs: 5, client: 'other' }))).toEqual(entry);
    const released = outboxIn(data).release('a');
    expect(outboxIn(data).add(order('a'))).toEqual(released);
    expect(files(data)).toHaveLength(1);
  });

  it.each([{ code: '3 + 4' }, { session: 'other' }, { connection: 'far' }])(
    'does not take a key for another evaluation: %j',
    (difference) => {
      const data = temporaryDirectory();
      const entry = outboxIn(data).add(order('a'));
      expect(() => outboxIn(data).add(order('a', difference))).toThrow(OutboxKeyConflict);
      expect(outboxIn(data).list()).toEqual([entry]);
      expect(files(data)).toHaveLength(1);
    },
  );

  it('accepts a key again once it is removed', () => {
    const outbox = outboxIn(temporaryDirectory());
    outbox.add(order('a'));
    outbox.remove('a');
    expect(outbox.add(order('a', { code: '3 + 4' }))).toMatchObject({ code: '3 + 4' });
  });

  it('gives back any text, and lets none of it become a path', () => {
    const home = temporaryDirectory();
    const data = join(home, 'data');
    const hostile = fc.constantFrom(
      '../x',
      '__proto__',
      'a\nb',
      'x'.repeat(200),
      '',
      '/etc/passwd',
      '.',
      '\0',
      '\ud800',
      '🙂',
    );
    const text = fc.oneof(hostile, fc.string({ unit: 'binary' }));
    const orders = fc.record({ key: text, connection: text, session: text, code: text, client: text });
    fc.assert(
      fc.property(orders, (fields) => {
        const outbox = outboxIn(data);
        outbox.add(order(fields.key, fields));
        expect(outbox.get(fields.key)).toMatchObject(fields);
        expect(outbox.list(fields.connection)).toHaveLength(1);
        expect(files(data)).toEqual([expect.stringMatching(/^[0-9a-f.-]+\.sending$/)]);
        outbox.remove(fields.key);
        expect(files(data)).toEqual([]);
      }),
      { numRuns: 100 },
    );
    expect(readdirSync(home)).toEqual(['data']);
  });

  it('takes the code of a whole package', () => {
    const data = temporaryDirectory();
    const code = "'é🙂' printNl.\n".repeat(250_000);
    outboxIn(data).add(order('a', { code }));
    expect(outboxIn(data).get('a')).toMatchObject({ code });
  });

  it('is for nobody else to read, whatever the umask', () => {
    const data = join(temporaryDirectory(), 'data');
    const umask = process.umask(0);
    try {
      outboxIn(data).add(order('a'));
    } finally {
      process.umask(umask);
    }
    const modes = [data, join(data, 'outbox'), join(data, 'outbox', files(data)[0] ?? '')];
    expect(modes.map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual(['700', '700', '600']);
  });

  it('takes no orders from a directory that is a link', () => {
    const elsewhere = temporaryDirectory();
    outboxIn(elsewhere).add(order('a'));
    const data = temporaryDirectory();
    symlinkSync(join(elsewhere, 'outbox'), join(data, 'outbox'));
    expect(() => outboxIn(data).list()).toThrow(UnsafePath);
    expect(() => outboxIn(data).add(order('b'))).toThrow(UnsafePath);
  });

  it('leaves alone what systems put into any directory', () => {
    const data = temporaryDirectory();
    const outbox = outboxIn(data);
    outbox.add(order('a'));
    mkdirSync(join(data, 'outbox', '.nfs0123'));
    expect(keys(outbox)).toEqual(['a']);
    expect(outbox.warnings).toEqual([]);
    expect(files(data)).toContain('.nfs0123');
  });

  it('is files that a person can read', () => {
    const data = temporaryDirectory();
    outboxIn(data).add(order('a'));
    const [file = ''] = files(data);
    expect(JSON.parse(readFileSync(join(data, 'outbox', file), 'utf8'))).toMatchObject(order('a'));
  });
});
