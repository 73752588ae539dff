import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CommitQueue, type Transaction } from '../../src/journal/commit-queue.js';
import { temporaryDirectory } from '../local/temporary.js';
import { created, input, renamed } from './drafts.js';
import { openJournal } from './journals.js';

/** Layout of a write-ahead log: https://www.sqlite.org/fileformat2.html#walformat */
const LOG_HEADER = 32;
const FRAME_HEADER = 24;
const PAGE = 4096;

/** @returns how many transactions are in the log: the last frame of each says how large the database is after it. */
function commits(directory: string): number {
  const log = readFileSync(join(directory, 'journal.sqlite-wal'));
  let count = 0;
  for (let frame = LOG_HEADER; frame < log.length; frame += FRAME_HEADER + PAGE) {
    if (log.readUInt32BE(frame + 4) > 0) count += 1;
  }
  return count;
}

describe('group commit', () => {
  it('takes one transaction for all appends of one turn, whatever their sessions', async () => {
    const directory = temporaryDirectory();
    const journal = openJournal(directory);
    await Promise.all([journal.append('s', [created('s')]), journal.append('t', [created('t')])]);
    const before = commits(directory);
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    await Promise.all(keys.map((key, index) => journal.append(index % 2 ? 's' : 't', [input(key)])));
    expect(commits(directory) - before).toBe(1);
    expect(journal.sessions().map(({ revision }) => revision)).toEqual([11, 11]);
  });

  it('has an append in the log when it resolves, one commit for each that was awaited', async () => {
    const directory = temporaryDirectory();
    const journal = openJournal(directory);
    await journal.append('s', [created('s')]);
    const before = commits(directory);
    for (const done of [1, 2, 3]) {
      await journal.append('s', [renamed('x')]);
      expect(commits(directory) - before).toBe(done);
    }
  });

  it('writes a checkpoint with the next commit, not with one of its own', async () => {
    const directory = temporaryDirectory();
    const journal = openJournal(directory);
    const [first] = await journal.append('s', [created('s')]);
    const before = commits(directory);
    journal.saveCheckpoint('s', { revision: 1, hash: first?.hash ?? '', state: 'state' });
    await new Promise(setImmediate);
    expect(commits(directory)).toBe(before);
    await journal.append('s', [renamed('x')]);
    expect(commits(directory)).toBe(before + 1);
    expect(journal.checkpoint('s')?.state).toBe('state');
  });

  it('rejects every change of a transaction that fails, and goes on with the next', async () => {
    const log: string[] = [];
    const transaction: Transaction = {
      begin: () => log.push('begin'),
      commit: () => log.push('commit'),
      abort: () => log.push('abort'),
      alive: () => true,
    };
    const queue = new CommitQueue(transaction);
    const change = (name: string, write: () => void) =>
      new Promise<void>((committed, rejected) => {
        queue.add('s', { decide: () => write, committed, rejected });
      }).then(
        () => log.push(`${name} committed`),
        (error: Error) => log.push(`${name} rejected: ${error.message}`),
      );
    const broken = () => {
      throw new Error('no room');
    };
    await Promise.all([change('a', () => log.push('a')), change('b', broken), change('c', () => log.push('c'))]);
    await change('d', () => log.push('d'));
    expect(log).toEqual([
      ...['begin', 'a', 'abort', 'a rejected: no room', 'b rejected: no room', 'c rejected: no room'],
      ...['begin', 'd', 'commit', 'd committed'],
    ]);
  });

  it('keeps a change in its place behind one that could not be prepared', async () => {
    const order: string[] = [];
    const nothing = () => {};
    const queue = new CommitQueue({ begin: nothing, commit: nothing, abort: nothing, alive: () => true });
    const change = (name: string, ready?: Promise<unknown>) =>
      queue.add(
        's',
        { decide: () => nothing, committed: () => order.push(name), rejected: () => order.push(`${name} refused`) },
        ready,
      );
    let prepare = nothing;
    change(
      'slow',
      new Promise<void>((resolve) => {
        prepare = resolve;
      }),
    );
    change('unprepared', Promise.reject(new Error('damaged')));
    change('last');
    await new Promise(setImmediate);
    expect(order).toEqual([]);
    prepare();
    await queue.drain();
    expect(order).toEqual(['unprepared refused', 'slow', 'last']);
  });
});
