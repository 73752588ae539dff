/** Prints what a plain read of a non-blocking stdin answers, then what is read from it. */
import { readFileSync } from 'node:fs';
import { readBytes } from '../../../src/files/text-input.js';

// Node makes a pipe non-blocking when it is used as a stream, for all processes that have it open.
process.stdin.pause();
const input = readBytes('-');
try {
  readFileSync(0);
} catch (error) {
  console.log((error as NodeJS.ErrnoException).code);
}
console.log((await input).toString());
