import { describe, expect, it } from '@jest/globals';
import type { WatchEvent } from '../../../src/service/watch/event.js';
import { EventOutput } from '../../../src/service/watch/event-output.js';

const event = (message: string): WatchEvent => ({
  type: 'trouble',
  connection: 'ci',
  endpoint: 'tcp://127.0.0.1:1',
  time: '2026-01-01T00:00:00.000Z',
  monotonicMs: 1,
  message,
});

const messageOf = (each: WatchEvent) => (each.type === 'trouble' ? each.message : '');

describe('the output of events', () => {
  it('is in order, one at a time, and complete', async () => {
    const written: string[] = [];
    const output = new EventOutput(
      async (each) => {
        await Promise.resolve();
        written.push(messageOf(each));
      },
      () => {},
    );
    for (const message of ['a', 'b', 'c']) output.tell(event(message));
    await output.written();
    output.tell(event('d'));
    await output.written();
    expect(written).toEqual(['a', 'b', 'c', 'd']);
  });

  it('goes on where an event could not be written, and says once what is wrong', async () => {
    const written: string[] = [];
    const warnings: string[] = [];
    let isFull = true;
    const output = new EventOutput(
      async (each) => {
        if (isFull) throw new Error('ENOSPC');
        written.push(messageOf(each));
      },
      (message) => warnings.push(message),
    );
    for (const message of ['a', 'b']) output.tell(event(message));
    await output.written();
    isFull = false;
    output.tell(event('c'));
    await output.written();
    expect(written).toEqual(['c']);
    expect(warnings).toEqual(['ENOSPC; events are dropped until they can be written']);
  });

  it('drops the oldest events while its reader is too slow, and says how many', async () => {
    const written: string[] = [];
    const warnings: string[] = [];
    let release: () => void = () => {};
    const blocked = new Promise<void>((resolve) => {
      release = resolve;
    });
    const output = new EventOutput(
      async (each) => {
        await blocked;
        written.push(messageOf(each));
      },
      (message) => warnings.push(message),
      2,
    );
    for (const message of ['a', 'b', 'c', 'd', 'e']) output.tell(event(message));
    release();
    await output.written();
    expect(written).toEqual(['a', 'd', 'e']);
    expect(warnings).toEqual(['2 events were dropped: their reader is too slow']);
  });
});
