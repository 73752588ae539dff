/** Begins to deliver from the outbox in DATA, says so, and never comes to an end. */
import { writeSync } from 'node:fs';
import { LAB, outboxIn } from '../orders.js';

const hold = (): Promise<void> => {
  writeSync(1, 'holding\n');
  setInterval(() => undefined, 1_000);
  return new Promise(() => undefined);
};
await outboxIn(process.argv[2] ?? '').withDelivery(LAB, hold, { waitMs: 0 });
