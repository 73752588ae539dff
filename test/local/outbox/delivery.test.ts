import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { hashOf } from '../../../src/local/outbox/file-name.js';
import type { Processes } from '../../../src/local/outbox.js';
import { Child } from '../child-process.js';
import { temporaryDirectory } from '../temporary.js';
import { bundle } from './bundle.js';
import { FAR, files, keys, LAB, order, outboxIn, type TestOutbox } from './orders.js';
import { startTogether } from './start-together.js';

const WAIT = { waitMs: 60_000 };
const SKIP = { waitMs: 0 };
const PROCESSES = 8;

function queued(count: number): { data: string; outbox: TestOutbox; expected: string[] } {
  const data = temporaryDirectory();
  const outbox = outboxIn(data);
  const expected = Array.from({ length: count }, (_, index) => `k${index}`);
  for (const key of expected) {
    outbox.accept(order(key));
    outbox.releaseKey(key);
  }
  return { data, outbox, expected };
}

function delivered(data: string): string[] {
  return readFileSync(join(data, 'delivered'), 'utf8').trimEnd().split('\n');
}

describe('delivering what others left', () => {
  it('gives what the work gives, and leaves nothing behind', async () => {
    const { data, outbox } = queued(1);
    expect(await outbox.withDelivery(LAB, () => 'done', SKIP)).toEqual({ ran: true, value: 'done' });
    expect(files(data)).toHaveLength(1);
  });

  it('fails as the work fails, and lets the next one deliver', async () => {
    const { data, outbox } = queued(1);
    const failing = outbox.withDelivery(LAB, () => Promise.reject(new Error('no backend')), SKIP);
    await expect(failing).rejects.toThrow('no backend');
    expect(files(data)).toHaveLength(1);
    expect(await outbox.withDelivery(LAB, () => 'done', SKIP)).toEqual({ ran: true, value: 'done' });
  });

  it('is skipped while another call delivers to the connection, and not held up by other connections', async () => {
    const { data, outbox } = queued(1);
    const inside = await outbox.withDelivery(
      LAB,
      () =>
        Promise.all([
          outboxIn(data).withDelivery(LAB, () => 'second', SKIP),
          outboxIn(data).withDelivery(FAR, () => 'far', SKIP),
        ]),
      SKIP,
    );
    expect(inside).toEqual({ ran: true, value: [{ ran: false }, { ran: true, value: 'far' }] });
  });

  it('waits for another call that delivers to the connection', async () => {
    const { data, outbox } = queued(1);
    const events: string[] = [];
    let letGo: () => void = () => undefined;
    const first = outbox.withDelivery(
      LAB,
      () =>
        new Promise<void>((resolve) => {
          letGo = resolve;
        }).then(() => events.push('first')),
      WAIT,
    );
    const second = outboxIn(data).withDelivery(LAB, () => events.push('second'), WAIT);
    letGo();
    expect(await Promise.all([first, second])).toMatchObject([{ ran: true }, { ran: true }]);
    expect(events).toEqual(['first', 'second']);
  });

  it('is done by one process at a time: each evaluation once, in order of acceptance', async () => {
    const { data, outbox, expected } = queued(20);
    const ended = await startTogether('deliver', PROCESSES, (pipe) => [data, '60000', pipe]);
    expect(ended.map(({ lines }) => lines[1])).toEqual(Array(PROCESSES).fill('delivered'));
    expect(delivered(data)).toEqual(expected);
    expect(keys(outbox)).toEqual([]);
    expect(files(data)).toEqual([]);
  });

  it('is done by one of those who come at the same moment, also if none of them waits', async () => {
    const { data, outbox, expected } = queued(20);
    const ended = await startTogether('deliver', PROCESSES, (pipe) => [data, '0', pipe]);
    expect(ended.map(({ code }) => code)).toEqual(Array(PROCESSES).fill(0));
    expect(delivered(data)).toEqual(expected);
    expect(keys(outbox)).toEqual([]);
  });

  it('is not skipped for somebody who only asked, and may have withdrawn for us', async () => {
    const { data, outbox } = queued(0);
    outbox.accept(order('a'));
    const subject = hashOf(LAB.endpoint as string);
    writeFileSync(join(data, 'outbox', `${subject}.1.00000000.asking`), '');
    let looks = 0;
    const processes: Processes = {
      self: () => ({ pid: process.pid, startedAt: null }),
      isGone: ({ pid }) => {
        if (pid === 1) looks += 1;
        return pid === 1 && looks > 3;
      },
    };
    expect(await outboxIn(data, { processes }).withDelivery(LAB, () => 'done', SKIP)).toMatchObject({ ran: true });
  });

  it('is taken over from a process that was killed', async () => {
    const { data, outbox } = queued(1);
    const holder = new Child(bundle('hold-delivery'), [data]);
    await holder.printed(1);
    expect(await outbox.withDelivery(LAB, () => 'done', SKIP)).toEqual({ ran: false });
    const waiting = outbox.withDelivery(LAB, () => 'done', WAIT);
    await holder.kill();
    expect(await waiting).toEqual({ ran: true, value: 'done' });
    expect(files(data)).toHaveLength(1);
  });

  it('works on an outbox that was never used', async () => {
    const data = join(temporaryDirectory(), 'missing');
    expect(await outboxIn(data).withDelivery(LAB, () => 'done', SKIP)).toEqual({ ran: true, value: 'done' });
    expect(existsSync(join(data, 'outbox'))).toBe(true);
  });
});
