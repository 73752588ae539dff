import { Flags } from '@oclif/core';
import { sizeBytes } from '../session/byte-size.js';
import { UsageError } from './errors.js';

/** A flag for an amount of storage; commands get whole bytes. */
export const sizeFlag = Flags.custom<number>({
  helpValue: '<size>',
  parse: async (text) => {
    const bytes = sizeBytes(text);
    if (bytes === undefined || bytes < 1 || bytes > Number.MAX_SAFE_INTEGER) {
      throw new UsageError(
        `Not a size: ${JSON.stringify(text)}`,
        'Write it like 500MB, 2GB or 64KiB; a bare number is bytes.',
      );
    }
    return bytes;
  },
});
