/** The watches of this home that run now, so that a person can ask them to try at once. */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Owner, thisMachine } from '../../local/outbox/owner.js';
import { ensurePrivateDirectory, type StuiPaths } from '../../local/paths.js';
import { systemCode } from '../../local/system-error.js';

/** Announces this process, which must be ready for SIGUSR1. @returns what takes it back */
export function announceWatch(paths: Pick<StuiPaths, 'data'>): () => void {
  const directory = directoryOf(paths);
  const file = join(directory, String(process.pid));
  const temporary = `${file}.tmp`;
  ensurePrivateDirectory(directory);
  // Whole from the first moment: what cannot be read is taken for the rest of a watch that is gone.
  writeFileSync(temporary, JSON.stringify(thisMachine().self()), { mode: 0o600 });
  renameSync(temporary, file);
  return () => rmSync(file, { force: true });
}

/** Sends SIGUSR1 to every running watch. @returns their process ids */
export function askWatches(paths: Pick<StuiPaths, 'data'>): number[] {
  return names(directoryOf(paths)).flatMap((name) => {
    const file = join(directoryOf(paths), name);
    const owner = ownerIn(file);
    if (owner && ask(owner)) return [owner.pid];
    rmSync(file, { force: true });
    return [];
  });
}

/** @returns false when it is gone */
function ask(owner: Owner): boolean {
  // The process id may be another program's by now, and SIGUSR1 ends most of them.
  if (thisMachine().isGone(owner)) return false;
  try {
    process.kill(owner.pid, 'SIGUSR1');
    return true;
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
    throw error;
  }
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
