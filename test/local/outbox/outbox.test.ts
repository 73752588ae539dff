import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OutboxKeyConflict, UnsafePath } from '../../../src/local/errors.js';
import { temporaryDirectory } from '../temporary.js';
import { FAR, files, keys, LAB, order, outboxIn } from './orders.js';

describe('an outbox', () => {
  it('that was never used is empty, and reading it makes nothing', () => {
    const data = join(temporaryDirectory(), 'missing');
    const outbox = outboxIn(data);
    expect(outbox.list()).toEqual([]);
    expect(outbox.get('a')).toBeUndefined();
    expect(outbox.orphans(LAB)).toEqual([]);
    outbox.removeKey('a');
    expect(existsSync(data)).toBe(false);
  });

  it('gives an accepted evaluation back as it was, to any process', () => {
    const data = temporaryDirectory();
    const now = () => new Date('2026-01-02T03:04:05.678Z');
    const { entry } = outboxIn(data, { now }).accept(order('a'));
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

  it('lists the entries for one backend, or for all', () => {
    const outbox = outboxIn(temporaryDirectory());
    outbox.accept(order('a'));
    outbox.accept(order('b', FAR));
    outbox.accept(order('c'));
    expect(keys(outbox)).toEqual(['a', 'b', 'c']);
    expect(keys(outbox, LAB)).toEqual(['a', 'c']);
    expect(keys(outbox, { ...FAR, endpoint: 'tcp://near:5555' })).toEqual([]);
  });

  it('forgets what is removed, and minds no removal of what is not there', () => {
    const data = temporaryDirectory();
    const outbox = outboxIn(data);
    outbox.accept(order('a'));
    outbox.accept(order('b'));
    outbox.removeKey('a');
    outbox.removeKey('a');
    outbox.removeKey('never');
    expect(keys(outbox)).toEqual(['b']);
    expect(files(data)).toHaveLength(1);
  });

  it('leaves what is released to whoever comes next, where it was in the order', () => {
    const data = temporaryDirectory();
    const outbox = outboxIn(data);
    const { entry } = outbox.accept(order('a'));
    outbox.accept(order('b'));
    const released = outbox.releaseKey('a');
    expect(released).toEqual({ ...entry, state: 'queued', owner: null });
    expect(outbox.releaseKey('a')).toEqual(released);
    expect(outboxIn(data).get('a')).toEqual(released);
    expect(outboxIn(data).orphans(LAB)).toEqual([released]);
    expect(keys(outbox)).toEqual(['a', 'b']);
  });

  it('accepts a key once: the same evaluation is the one that is there', () => {
    const data = temporaryDirectory();
    const { entry } = outboxIn(data).accept(order('a'));
    expect(outboxIn(data).accept(order('a', { timeoutMs: 5, client: 'other' }))).toEqual({ entry, isNew: false });
    const released = outboxIn(data).releaseKey('a');
    expect(outboxIn(data).accept(order('a'))).toEqual({ entry: released, isNew: false });
    expect(files(data)).toHaveLength(1);
  });

  it.each([{ code: '3 + 4' }, { session: 'other' }, FAR])(
    'does not take a key for another evaluation: %j',
    (difference) => {
      const data = temporaryDirectory();
      const { entry } = outboxIn(data).accept(order('a'));
      expect(() => outboxIn(data).accept(order('a', difference))).toThrow(OutboxKeyConflict);
      expect(outboxIn(data).list()).toEqual([entry]);
      expect(files(data)).toHaveLength(1);
    },
  );

  it('accepts a key again once it is removed', () => {
    const outbox = outboxIn(temporaryDirectory());
    outbox.accept(order('a'));
    outbox.removeKey('a');
    expect(outbox.accept(order('a', { code: '3 + 4' }))).toMatchObject({ entry: { code: '3 + 4' }, isNew: true });
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
    const orders = fc.record({ key: text, connection: text, endpoint: text, session: text, code: text, client: text });
    fc.assert(
      fc.property(orders, (fields) => {
        const outbox = outboxIn(data);
        outbox.accept(order(fields.key, fields));
        expect(outbox.get(fields.key)).toMatchObject(fields);
        expect(outbox.list(fields)).toHaveLength(1);
        expect(files(data)).toEqual([expect.stringMatching(/^[0-9a-f.-]+\.sending$/)]);
        outbox.removeKey(fields.key);
        expect(files(data)).toEqual([]);
      }),
      { numRuns: 100 },
    );
    expect(readdirSync(home)).toEqual(['data']);
  });

  it('takes the code of a whole package', () => {
    const data = temporaryDirectory();
    const code = "'é🙂' printNl.\n".repeat(250_000);
    outboxIn(data).accept(order('a', { code }));
    expect(outboxIn(data).get('a')).toMatchObject({ code });
  });

  it('is for nobody else to read, whatever the umask', () => {
    const data = join(temporaryDirectory(), 'data');
    const umask = process.umask(0);
    try {
      outboxIn(data).accept(order('a'));
    } finally {
      process.umask(umask);
    }
    const modes = [data, join(data, 'outbox'), join(data, 'outbox', files(data)[0] ?? '')];
    expect(modes.map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual(['700', '700', '600']);
  });

  it('takes no orders from a directory that is a link', () => {
    const elsewhere = temporaryDirectory();
    outboxIn(elsewhere).accept(order('a'));
    const data = temporaryDirectory();
    symlinkSync(join(elsewhere, 'outbox'), join(data, 'outbox'));
    expect(() => outboxIn(data).list()).toThrow(UnsafePath);
    expect(() => outboxIn(data).accept(order('b'))).toThrow(UnsafePath);
  });

  it('leaves alone what systems put into any directory', () => {
    const data = temporaryDirectory();
    const outbox = outboxIn(data);
    outbox.accept(order('a'));
    mkdirSync(join(data, 'outbox', '.nfs0123'));
    expect(keys(outbox)).toEqual(['a']);
    expect(outbox.warnings).toEqual([]);
    expect(files(data)).toContain('.nfs0123');
  });

  it('is files that a person can read', () => {
    const data = temporaryDirectory();
    outboxIn(data).accept(order('a'));
    const [file = ''] = files(data);
    expect(JSON.parse(readFileSync(join(data, 'outbox', file), 'utf8'))).toMatchObject(order('a'));
  });
});
