/** The watches of this home that run now, so that a person can ask them to try at once. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Owner, thisMachine } from '../../local/outbox/owner.js';
import type { StuiPaths } from '../../local/paths.js';
import { systemCode } from '../../local/system-error.js';

/** Announces this process. @returns what takes it back */
export function announceWatch(paths: Pick<StuiPaths, 'data'>): () => void {
  const directory = directoryOf(paths);
  const file = join(directory, String(process.pid));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(file, JSON.stringify(thisMachine().self()), { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/** Sends SIGUSR1 to every running watch. @returns their process ids */
export function askWatches(paths: Pick<StuiPaths, 'data'>): number[] {
  const asked: number[] = [];
  for (const name of names(directoryOf(paths))) {
    const file = join(directoryOf(paths), name);
    const owner = ownerIn(file);
    // The process id may be another program's by now, and SIGUSR1 ends most of them.
    if (owner && !thisMachine().isGone(owner)) {
      process.kill(owner.pid, 'SIGUSR1');
      asked.push(owner.pid);
    } else rmSync(file, { force: true });
  }
  return asked;
}

function directoryOf(paths: Pick<StuiPaths, 'data'>): string {
  return join(paths.data, 'watches');
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => /^\d+$/.test(name));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function ownerIn(file: string): Owner | undefined {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as Owner;
    return Number.isInteger(owner.pid) ? owner : undefined;
  } catch {
    return undefined;
  }
}
