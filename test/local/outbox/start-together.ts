/** Starts processes that begin their work at the same moment. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { Child, type Ended } from '../child-process.js';
import { temporaryDirectory } from '../temporary.js';
import { bundle } from './bundle.js';

/** @param argumentsOf each child's arguments, given the pipe that it is to wait at */
export async function startTogether(
  script: string,
  count: number,
  argumentsOf: (pipe: string, index: number) => readonly string[],
): Promise<readonly Ended[]> {
  const pipe = join(temporaryDirectory(), 'starting-line');
  execFileSync('mkfifo', [pipe]);
  const path = bundle(script);
  const children = Array.from({ length: count }, (_, index) => new Child(path, argumentsOf(pipe, index)));
  await Promise.all(children.map((child) => child.printed(1)));
  // Opening waits until the first reader is there, and lets all of them go on.
  const descriptor = openSync(pipe, 'r+');
  const ended = await Promise.all(children.map((child) => child.end()));
  closeSync(descriptor);
  return ended;
}
