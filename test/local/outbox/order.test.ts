import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nextOrder } from '../../../src/local/outbox/file-name.js';
import { temporaryDirectory } from '../temporary.js';
import { files, keys, order, outboxIn } from './orders.js';

/** Clocks that stand still, jump and go backwards. */
const clocks = fc.oneof(
  fc.constant(1_767_323_045_678),
  fc.integer({ min: 0, max: 2_000_000_000_000 }),
  fc.constant(8.64e15),
);

describe('the order of acceptance', () => {
  it('is that of the names, whatever the clocks of the processes say', () => {
    const step = fc.record({
      action: fc.constantFrom('add', 'add', 'remove', 'release'),
      process: fc.nat(2),
      clock: clocks,
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
        const data = temporaryDirectory();
        let clock = 0;
        const now = () => new Date(clock);
        const outboxes = [1, 2, 3].map(() => outboxIn(data, { now }));
        let accepted: string[] = [];
        steps.forEach(({ action, process, clock: reading, pick }, index) => {
          clock = reading;
          const outbox = outboxes[process] ?? outboxIn(data);
          const picked = accepted[pick % accepted.length];
          if (action === 'add') {
            outbox.accept(order(String(index)));
            accepted.push(String(index));
          } else if (picked !== undefined && action === 'remove') {
            outbox.removeKey(picked);
            accepted = accepted.filter((key) => key !== picked);
          } else if (picked !== undefined) {
            outbox.releaseKey(picked);
          }
          expect(keys(outbox)).toEqual(accepted);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('follows the clock as long as the clock goes forwards', () => {
    fc.assert(
      fc.property(clocks, fc.integer({ min: 1, max: 1_000_000 }), (newest, later) => {
        const made = nextOrder(newest + later, nextOrder(newest, undefined));
        expect(Number(made.slice(0, 16))).toBe(newest + later);
      }),
    );
  });

  it('goes on from the newest entry when the clock is behind it', () => {
    fc.assert(
      fc.property(clocks, clocks, (one, other) => {
        const newest = nextOrder(Math.max(one, other), undefined);
        expect(nextOrder(Math.min(one, other), newest) > newest).toBe(true);
      }),
    );
  });

  it.each(['9007199254740991', '9999999999999999'])('puts nothing out of sight behind a file from %s ms', (end) => {
    const data = temporaryDirectory();
    const outbox = outboxIn(data);
    outbox.accept(order('a'));
    const [file = ''] = files(data);
    renameSync(join(data, 'outbox', file), join(data, 'outbox', file.replace(/^\d+/, end)));
    outbox.accept(order('b'));
    outbox.accept(order('c'));
    expect(keys(outbox)).toEqual(expect.arrayContaining(['b', 'c']));
  });

  it('takes a clock from before 1970 for one that stands at its start', () => {
    expect(nextOrder(-5, undefined)).toMatch(/^0{16}-/);
  });
});
