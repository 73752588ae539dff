/** Who this client is to the backends: one random id for each home, made once. */
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectory } from '../files/directories.js';
import { createDurably, linkOrCopy } from '../files/durable-file.js';
import { systemCode } from '../files/system-error.js';
import { LocalStateDamaged } from './errors.js';
import type { StuiPaths } from './paths.js';
import { ensurePrivateDirectory } from './private-directory.js';
import { readFailure, writeFailure } from './system-error.js';

const CLIENT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The id of this home's client, made on the first call; all processes that make it at the same time get the same one.
 * @returns a UUID
 * @throws LocalStateDamaged if the file holds something else: queued work is filed under the id that was there
 * @throws LocalStateReadOnly, LocalStateFull, UnsafePath if there is none yet and none can be made
 */
export function clientId(paths: Pick<StuiPaths, 'data'>): string {
  const file = join(paths.data, 'client-id');
  const existing = read(file);
  if (existing !== undefined) return existing;
  try {
    ensurePrivateDirectory(paths.data);
    create(file, paths.data);
  } catch (error) {
    throw writeFailure(error, file);
  }
  return read(file) ?? clientId(paths);
}

function read(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw readFailure(error, file);
  }
  if (!CLIENT_ID.test(text)) throw new LocalStateDamaged(file, 'it does not hold a client id');
  return text;
}

/** Written whole before it gets its name, by a link, which fails if another process was first. */
function create(file: string, directory: string): void {
  const id = randomUUID();
  const draft = `${file}.${id}`;
  try {
    createDurably(draft, [`${id}\n`]);
    linkOrCopy(draft, file);
    syncDirectory(directory);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
