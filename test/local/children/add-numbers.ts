/** Adds numbers FIRST.. to the store in DIRECTORY, COUNT of them (forever if 0), and prints each when it is durable. */
import { writeSync } from 'node:fs';
import { adding, numbersStore } from '../numbers-store.js';

const [directory = '', first = '', count = ''] = process.argv.slice(2);
const store = numbersStore(directory);
const end = Number(count) === 0 ? Number.POSITIVE_INFINITY : Number(first) + Number(count);
for (let number = Number(first); number < end; number += 1) {
  await store.update(adding(number));
  writeSync(1, `${number}\n`);
}
