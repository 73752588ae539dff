import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { Flags } from '@oclif/core';
import { TEXT_ENCODINGS } from '../files/text-input.js';
import { UsageError } from './errors.js';

/** What to do about a text that is not UTF-8. */
export const ENCODING_HINT = `Say what it is with --encoding: ${TEXT_ENCODINGS.join(', ')}.`;

export const encodingFlag = Flags.option({
  summary: 'How the file or stdin is encoded. Default: UTF-8, or what a byte order mark says.',
  description: 'A text that is not in this encoding is refused, with the offset of the byte that does not fit.',
  options: TEXT_ENCODINGS,
})();

/** Node puts this in the place of bytes that are not UTF-8. */
const REPLACEMENT = '\uFFFD';

/**
 * Refuses a command line that is not what was typed.
 * @param raw the command line's bytes, where the system tells; without them a replacement character counts as typed
 * @throws UsageError naming the argument
 */
export function refuseUndecodable(argv: readonly string[], raw: () => Uint8Array | undefined = commandLineBytes): void {
  const place = argv.findIndex((word) => word.includes(REPLACEMENT));
  if (place < 0 || isUtf8(raw() ?? Buffer.alloc(0))) return;
  throw new UsageError(
    `Argument ${place + 1} is not UTF-8 text`,
    'Give it in a file or on stdin, and say what it is with --encoding.',
  );
}

function commandLineBytes(): Uint8Array | undefined {
  try {
    return readFileSync('/proc/self/cmdline');
  } catch {
    return undefined;
  }
}
