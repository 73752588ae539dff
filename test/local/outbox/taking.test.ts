/** Who may take an entry, and who may not any more: claiming, withdrawing, dropping. */
import { describe, expect, it } from '@jest/globals';
import { BeingDelivered, NotInOutbox } from '../../../src/local/errors.js';
import type { OutboxEntry, Processes, ProcessIdentity } from '../../../src/local/outbox.js';
import { temporaryDirectory } from '../temporary.js';
import { files, keys, order, outboxIn, type TestOutbox } from './orders.js';

/** Outboxes in one directory, as different processes have them. */
function processes(data = temporaryDirectory()) {
  const gone = new Set<number>();
  const isGone = ({ pid }: ProcessIdentity) => gone.has(pid);
  const as = (pid: number): TestOutbox => {
    const known: Processes = { self: () => ({ pid, startedAt: null }), isGone };
    return outboxIn(data, { processes: known });
  };
  return { data, as, end: (pid: number) => gone.add(pid) };
}

function released(outbox: TestOutbox, key: string): OutboxEntry {
  outbox.accept(order(key));
  return outbox.releaseKey(key) as OutboxEntry;
}

describe('an entry that is claimed', () => {
  it('is nobody else’s, until it is released or its process has ended', () => {
    const { as, end } = processes();
    const entry = released(as(1), 'a');
    expect(as(2).claim(entry)).toEqual({ ...entry, state: 'sending', owner: { pid: 2, startedAt: null } });
    expect(as(3).claim(entry)).toBeUndefined();
    as(2).releaseKey('a');
    expect(as(3).claim(entry)).toMatchObject({ owner: { pid: 3 } });
    end(3);
    expect(as(4).claim(entry)).toMatchObject({ owner: { pid: 4 } });
  });

  it('is not taken from its owner by the release of another process', () => {
    const { as } = processes();
    const entry = released(as(1), 'a');
    as(2).claim(entry);
    expect(as(3).release(entry)).toMatchObject({ owner: { pid: 2 } });
    expect(as(3).claim(entry)).toBeUndefined();
  });

  it('is none when it was dropped or delivered meanwhile', () => {
    const { as } = processes();
    const entry = released(as(1), 'a');
    as(2).drop('a');
    expect(as(1).claim(entry)).toBeUndefined();
    expect(as(1).release(entry)).toBeUndefined();
  });
});

describe('an entry that is withdrawn', () => {
  it('is gone, as if it had not been accepted', () => {
    const { as, data } = processes();
    const { entry } = as(1).accept(order('a'));
    expect(as(1).withdraw(entry)).toBe(true);
    expect(files(data)).toEqual([]);
  });

  it('stays where it was released: somebody was told that it will be delivered', () => {
    const { as } = processes();
    const entry = released(as(1), 'a');
    expect(as(1).withdraw(entry)).toBe(false);
    expect(keys(as(1))).toEqual(['a']);
  });
});

describe('a removal', () => {
  it('takes the entry that was meant, and no later one under the same key', () => {
    const { as } = processes();
    const { entry } = as(1).accept(order('a'));
    as(1).remove(entry);
    as(2).accept(order('a', { code: '3 + 4' }));
    as(1).remove(entry);
    expect(keys(as(1))).toEqual(['a']);
  });
});

describe('dropping', () => {
  it('takes what waits, also what a process that ended has left', () => {
    const { as, end, data } = processes();
    released(as(1), 'a');
    as(1).accept(order('b'));
    end(1);
    as(2).drop('a');
    as(2).drop('b');
    expect(files(data)).toEqual([]);
    expect(() => as(2).drop('a')).toThrow(NotInOutbox);
  });

  it('is refused for what a process that lives delivers', () => {
    const { as } = processes();
    const entry = released(as(1), 'a');
    as(2).claim(entry);
    expect(() => as(3).drop('a')).toThrow(BeingDelivered);
    expect(keys(as(3))).toEqual(['a']);
  });
});
