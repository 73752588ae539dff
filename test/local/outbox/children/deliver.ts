/**
 * Delivers the orphans of the outbox in DATA, waiting WAIT_MS for others, with those that wait at PIPE. Writes each key
 * into the file `delivered`, and fails if another process is in the middle of a delivery.
 */
import { appendFileSync, closeSync, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { LAB, outboxIn } from '../orders.js';
import { waitAt } from './starting-line.js';

const [data = '', waitMs = '', pipe = ''] = process.argv.slice(2);
const outbox = outboxIn(data);
waitAt(pipe);
const deliverAll = async (): Promise<void> => {
  const inside = join(data, 'inside');
  closeSync(openSync(inside, 'wx'));
  for (const { key } of outbox.orphans(LAB)) {
    appendFileSync(join(data, 'delivered'), `${key}\n`);
    await new Promise(setImmediate);
    outbox.removeKey(key);
  }
  unlinkSync(inside);
};
const { ran } = await outbox.withDelivery(LAB, deliverAll, { waitMs: Number(waitMs) });
console.log(ran ? 'delivered' : 'skipped');
