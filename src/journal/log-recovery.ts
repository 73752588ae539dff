/**
 * Going on with a log that a start could not read. A read that fails for a moment looks like a log that ends too early: the
 * log is kept then, and this puts it back. On a copy, because only a look at the result shows whether it belongs to the file.
 */
import { copyFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { timestamp } from './kept-aside.js';
import { holdFile, keptLogs } from './sqlite-file.js';
import { beginSwap, commitSwap, finishSwap, forgetUnfinished } from './swap.js';

const FILE = 'journal.sqlite';
const LOG = 'journal.sqlite-wal';
const MARK = 'journal.mark';

/**
 * Puts the newest kept log back where the journal is complete and sound with it. What was there before is kept aside.
 * @param isSound whether the journal in a folder has everything that was acknowledged, and nothing in it is damaged
 * @returns whether it did; if not, everything is as it was
 */
export function recoverFromKeptLog(directory: string, isSound: (folder: string) => boolean): boolean {
  const log = keptLogs(directory).at(-1);
  if (log === undefined) return false;
  const at = (name: string) => join(resolve(directory), name);
  const stamp = timestamp(new Date());
  const holder = holdFile(at(FILE));
  try {
    forgetUnfinished(directory);
    const folder = beginSwap(directory, stamp);
    for (const name of [FILE, MARK]) copyFileSync(at(name), join(folder, name));
    copyFileSync(log, join(folder, LOG));
    if (!isSound(folder)) {
      forgetUnfinished(directory);
      return false;
    }
    commitSwap(directory, stamp);
  } catch {
    // Not even that could be read, or there is no room: the refusal stands, and says what to do.
    forgetUnfinished(directory);
    return false;
  } finally {
    holder.release();
  }
  finishSwap(directory);
  return true;
}
