import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { unmetafied } from '../../src/session/zsh-meta.js';

/** As zsh writes a history: Src/utils.c, `imeta` and `metafy`. */
function metafied(bytes: Uint8Array): Uint8Array {
  const isMeta = (byte: number) => byte === 0 || (byte >= 0x83 && byte <= 0xa2);
  return Uint8Array.from([...bytes].flatMap((byte) => (isMeta(byte) ? [0x83, byte ^ 0x20] : [byte])));
}

describe('the history of zsh', () => {
  it('gives back what was typed', () => {
    fc.assert(fc.property(fc.uint8Array(), (typed) => expect(unmetafied(metafied(typed))).toEqual(typed)));
    const text = "stui eval '→ Ä 世界'";
    const written = metafied(Buffer.from(text));
    expect(Buffer.from(written).toString('utf8')).not.toBe(text);
    expect(Buffer.from(unmetafied(written)).toString('utf8')).toBe(text);
  });

  it('may be cut off anywhere', () => {
    expect(unmetafied(Uint8Array.of(0x41, 0x83))).toEqual(Uint8Array.of(0x41, 0x83));
  });
});
