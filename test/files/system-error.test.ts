import { constants } from 'node:os';
import { expect, it } from '@jest/globals';
import { isNoRoom, systemCode } from '../../src/files/system-error.js';

it('a quota that is used up is no room, although Node has no name for it', () => {
  const errno = -constants.errno.EDQUOT;
  const error = Object.assign(new Error(`Unknown system error ${errno}`), {
    errno,
    code: `Unknown system error ${errno}`,
  });
  expect([systemCode(error), isNoRoom(error)]).toEqual(['EDQUOT', true]);
});

it("what is not the system's has no code", () => {
  for (const error of [
    undefined,
    null,
    'a',
    new Error('a'),
    Object.assign(new Error('a'), { code: 'ERR_ASSERTION' }),
  ]) {
    expect(systemCode(error)).toBeUndefined();
  }
});
