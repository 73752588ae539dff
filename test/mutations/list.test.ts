/** The list of deliberate mistakes fits the code; `npm run mutations` makes them. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { MUTATIONS } from './list.mjs';

test.each(MUTATIONS)('$name', (mutation) => {
  for (const { file, from, to } of mutation.changes) {
    expect([file, readFileSync(file, 'utf8').split(from).length - 1]).toEqual([file, 1]);
    expect(to).not.toBe(from);
  }
  expect(readFileSync(mutation.test, 'utf8')).not.toBe('');
});
