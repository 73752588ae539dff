/** The watches of this home that run now, so that a person can ask them to try at once. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../../files/durable-file.js';
import { ownIdentity, type ProcessIdentity, signalProcess } from '../../files/process-identity.js';
import { systemCode } from '../../files/system-error.js';
import { ensurePrivateDirectory, type StuiPaths } from '../../local/paths.js';

/** Announces this process, which must be ready for SIGUSR1. @returns what takes it back */
export function announceWatch(paths: Pick<StuiPaths, 'data'>): () => void {
  const directory = directoryOf(paths);
  const file = join(directory, String(process.pid));
  ensurePrivateDirectory(directory);
  // Whole from the first moment: what cannot be read is taken for the rest of a watch that is gone.
  writeWhole(file, JSON.stringify(ownIdentity()));
  return () => rmSync(file, { force: true });
}

/** Sends SIGUSR1 to every running watch. @returns their process ids */
export function askWatches(paths: Pick<StuiPaths, 'data'>): number[] {
  return names(directoryOf(paths)).flatMap((name) => {
    const file = join(directoryOf(paths), name);
    const owner = ownerIn(file);
    // The process id may be another program's by now, and SIGUSR1 ends most of them.
    if (owner && signalProcess(owner, 'SIGUSR1')) return [owner.pid];
    rmSync(file, { force: true });
    return [];
  });
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

function ownerIn(file: string): ProcessIdentity | undefined {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
    return Number.isInteger(owner.pid) ? owner : undefined;
  } catch {
    return undefined;
  }
}
