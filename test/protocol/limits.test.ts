import { constants } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import * as limits from '../../src/protocol/limits.js';

describe('the limits', () => {
  it('are whole numbers that JSON keeps exact', () => {
    for (const value of Object.values(limits)) expect(Number.isSafeInteger(value) && value > 0).toBe(true);
  });

  it('let a piece of an archive, and the longest code in ASCII, pass in one message', () => {
    expect(Math.ceil(limits.CHUNK_BYTES / 3) * 4).toBeLessThan(limits.MAX_MESSAGE_BYTES);
    expect(limits.MAX_CODE_LENGTH).toBeLessThan(limits.MAX_MESSAGE_BYTES);
    expect(limits.MAX_CONTEXT_BYTES).toBeLessThan(limits.MAX_MESSAGE_BYTES);
  });

  it('let a message that is too large be answered, not dropped', () => {
    expect(limits.MAX_FRAME_BYTES).toBeGreaterThan(limits.MAX_MESSAGE_BYTES);
  });

  it('let an archive unpack to no more than a string can hold', () => {
    expect(limits.MAX_UNPACKED_BYTES).toBeLessThan(constants.MAX_STRING_LENGTH);
    expect(limits.MAX_UNPACKED_BYTES).toBeGreaterThan(limits.MAX_ARCHIVE_BYTES);
  });
});
