import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chainHash, GENESIS } from '../../src/session/chain.js';

describe('chainHash', () => {
  it('is the SHA-256 of the hash before, a line feed and the line, as written down for other programs', () => {
    expect(GENESIS).toBe('0'.repeat(64));
    const line = '{"seq":1,"code":"\'é\u2028😀\'"}';
    const expected = createHash('sha256')
      .update(Buffer.from(`${GENESIS}\n${line}`, 'utf8'))
      .digest('hex');
    expect(chainHash(GENESIS, line)).toBe(expected);
    expect(chainHash(GENESIS, '')).toBe('827d096d92f3deeaa0e8070d79f45beb176768e57a958a1cd325f5f4b754b048');
  });

  it('changes with the line and with all before it', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (line, other) => {
        fc.pre(line !== other);
        const first = chainHash(GENESIS, line);
        expect(chainHash(GENESIS, other)).not.toBe(first);
        expect(chainHash(first, line)).not.toBe(first);
      }),
    );
  });
});
