/** Lets processes begin at the same moment. */
import { closeSync, openSync, writeSync } from 'node:fs';

/** Says `ready`, then waits until the test opens the named pipe for writing. */
export function waitAt(pipe: string): void {
  writeSync(1, 'ready\n');
  closeSync(openSync(pipe, 'r'));
}
