/** Files that a person names as input. Not beside the archives: their schemas would double what `eval` has to load. */
import { CliError, UsageError } from '../cli/errors.js';
import { systemCode } from '../files/system-error.js';
import { decodeText, readBytes, type TextEncoding, UndecodableText } from '../files/text-input.js';

/** Reads a file or, for `-`, stdin. @throws CliError, UsageError */
export async function readInput(file: string): Promise<Buffer> {
  try {
    return await readBytes(file);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') throw new CliError('file-not-found', `There is no file ${file}`, { exit: 'notFound' });
    if (code === 'EISDIR') throw new UsageError(`${nameOf(file)} is a directory`);
    throw new CliError('file-not-read', `${nameOf(file)} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * Reads text from a file or, for `-`, from stdin.
 * @param encoding undefined: UTF-8, or what a byte order mark says
 * @param hint what to do about a text in another encoding
 * @throws UsageError naming the first byte that is no text, CliError
 */
export async function readText(file: string, encoding?: TextEncoding, hint?: string): Promise<string> {
  return textOf(await readInput(file), file, encoding, hint);
}

/** Decoding otherwise replaces bad bytes without a word. @throws UsageError naming the first byte that is no text */
export function textOf(bytes: Uint8Array, file: string, encoding?: TextEncoding, hint?: string): string {
  try {
    return decodeText(bytes, encoding);
  } catch (error) {
    if (!(error instanceof UndecodableText)) throw error;
    const { encoding: tried, offset } = error;
    throw new UsageError(`${nameOf(file)} is not ${tried} text: the byte at offset ${offset} does not fit`, hint);
  }
}

function nameOf(file: string): string {
  return file === '-' ? 'The input' : file;
}
