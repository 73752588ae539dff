/** Adds the key `same` with CODE to the outbox in DATA, with the others that wait at PIPE. Prints its order, or the error. */
import { order, outboxIn } from '../orders.js';
import { waitAt } from './starting-line.js';

const [data = '', code = '', pipe = ''] = process.argv.slice(2);
waitAt(pipe);
try {
  console.log(outboxIn(data).accept(order('same', { code })).entry.order);
} catch (error) {
  console.log((error as Error).name);
}
