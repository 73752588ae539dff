/**
 * Performs OPERATION on the outbox in DATA and prints `returned` when it has; is killed at call number AT, at MOMENT.
 * Prints the calls that it made as its last line.
 */
import { writeSync } from 'node:fs';
import { LAB, order, outboxIn } from '../orders.js';
import { killAt, type Moment } from './kill-at.js';

const [data = '', operation = '', at = '', moment = ''] = process.argv.slice(2);
const print = writeSync;
const outbox = outboxIn(data);
const operations: Record<string, () => unknown> = {
  add: () => outbox.accept(order('new')),
  remove: () => outbox.removeKey('old'),
  release: () => outbox.releaseKey('own'),
  list: () => outbox.list(),
  get: () => outbox.get('old'),
  orphans: () => outbox.orphans(LAB),
  deliver: () => outbox.withDelivery(LAB, () => outbox.removeKey('old'), { waitMs: 0 }),
};
if (operation === 'release') outbox.accept(order('own'));
const calls = killAt(Number(at), moment as Moment);
await operations[operation]?.();
const made = JSON.stringify(calls);
print(1, 'returned\n');
print(1, `${made}\n`);
