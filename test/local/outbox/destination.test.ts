/** An entry is bound to the backend that it was accepted for, whatever that is called by now. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { OutboxKeyConflict } from '../../../src/local/errors.js';
import { temporaryDirectory } from '../temporary.js';
import { keys, LAB, order, outboxIn } from './orders.js';

describe('an entry', () => {
  it('is for whichever connection leads to its endpoint, and for no other of the same name', () => {
    const outbox = outboxIn(temporaryDirectory());
    outbox.accept(order('a'));
    outbox.releaseKey('a');
    expect(keys(outbox, { ...LAB, connection: 'renamed' })).toEqual(['a']);
    expect(outbox.orphans({ ...LAB, endpoint: 'tcp://elsewhere:5555' })).toEqual([]);
  });

  it('has its key with all connections to its endpoint', () => {
    const outbox = outboxIn(temporaryDirectory());
    const { entry } = outbox.accept(order('a'));
    expect(outbox.accept(order('a', { connection: 'renamed' }))).toEqual({ entry, isNew: false });
    expect(() => outbox.accept(order('a', { endpoint: 'tcp://elsewhere:5555' }))).toThrow(OutboxKeyConflict);
  });

  it('for the private backend is for that only, wherever its socket is now', () => {
    const outbox = outboxIn(temporaryDirectory());
    const local = { connection: 'local', endpoint: null };
    outbox.accept(order('a', local));
    expect(keys(outbox, local)).toEqual(['a']);
    expect(keys(outbox, LAB)).toEqual([]);
  });

  it('is delivered by one process at a time, under whatever name that knows the backend', async () => {
    const data = temporaryDirectory();
    const SKIP = { waitMs: 0 };
    const renamed = { ...LAB, connection: 'renamed' };
    const second = () => outboxIn(data).withDelivery(renamed, () => 'second', SKIP);
    expect(await outboxIn(data).withDelivery(LAB, second, SKIP)).toEqual({ ran: true, value: { ran: false } });
  });

  it('of an earlier version, which did not keep the endpoint, is for the connection of its name', () => {
    const data = temporaryDirectory();
    mkdirSync(join(data, 'outbox'), { mode: 0o700 });
    writeFileSync(
      join(data, 'outbox', '0001767323045678-a81247b1.945603a8f587786b463c3f94fce115c0.queued'),
      '{"schemaVersion":1,"digest":"064b507466f793292a062d083e279bc01110ba4c9c10f3f39263561843de2d73","key":"plain","connection":"lab","session":"main","code":"Transcript show: \'plain\'","timeoutMs":1000,"client":"me","acceptedAt":"2026-01-02T03:04:05.678Z"}\n',
    );
    const outbox = outboxIn(data);
    expect(keys(outbox, LAB)).toEqual(['plain']);
    expect(keys(outbox, { ...LAB, connection: 'renamed' })).toEqual([]);
    expect(outbox.accept(order('plain'))).toMatchObject({ isNew: false });
  });
});
