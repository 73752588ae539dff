/** Files that a person names as input. Not beside the archives: their schemas would double what `eval` has to load. */
import { readFileSync } from 'node:fs';
import { CliError, UsageError } from '../cli/errors.js';

/** Reads text from a file or, for `-`, from stdin. @throws CliError, UsageError */
export function readInput(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new CliError('file-not-found', `There is no file ${file}`, { exit: 'notFound' });
    if (code === 'EISDIR') throw new UsageError(`${file} is a directory`);
    throw new CliError('file-not-read', `${file} cannot be read: ${message}`, { cause: error });
  }
}
