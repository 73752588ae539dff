import { Flags } from '@oclif/core';
import { SIZE_FORMS, sizeBytes } from '../session/byte-size.js';
import { UsageError } from './errors.js';

/** A flag for an amount of storage; commands get whole bytes. */
export const sizeFlag = Flags.custom<number>({
  helpValue: '<size>',
  parse: async (text) => {
    const bytes = sizeBytes(text);
    if (bytes === undefined || bytes < 1 || bytes > Number.MAX_SAFE_INTEGER) {
      throw new UsageError(`Not a size: ${JSON.stringify(text)}`, `Write ${SIZE_FORMS}.`);
    }
    return bytes;
  },
});
