/** Takes the lock of the store in DIRECTORY, says so, and never lets go of it. */
import { writeSync } from 'node:fs';
import { numbersStore } from '../numbers-store.js';

await numbersStore(process.argv[2] ?? '').update((current) => {
  writeSync(1, 'holding\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  return current;
});
