/**
 * Adds COUNT evaluations (forever if 0) with keys NAME-0, NAME-1, ... to the outbox in DATA and removes every second one
 * after the next has been added. Prints +KEY and -KEY when it is done. Begins when PIPE is opened, if there is one.
 */
import { writeSync } from 'node:fs';
import { order, outboxIn } from '../orders.js';
import { waitAt } from './starting-line.js';

const [data = '', name = '', count = '', pipe = ''] = process.argv.slice(2);
const outbox = outboxIn(data);
if (pipe !== '') waitAt(pipe);
for (let index = 0; index !== Number(count) || count === '0'; index += 1) {
  outbox.accept(order(`${name}-${index}`));
  writeSync(1, `+${name}-${index}\n`);
  if (index % 2 === 0) continue;
  outbox.removeKey(`${name}-${index - 1}`);
  writeSync(1, `-${name}-${index - 1}\n`);
}
