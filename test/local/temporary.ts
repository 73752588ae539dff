/** Directories for one test file, removed when it is done. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

const cleaning: (() => void)[] = [];

afterAll(() => {
  for (const clean of cleaning.splice(0).reverse()) clean();
});

/** Runs `clean` when the test file is done, before what was asked for earlier. */
export function afterwards(clean: () => void): void {
  cleaning.push(clean);
}

export function temporaryDirectory(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'stui-local-')));
  afterwards(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
