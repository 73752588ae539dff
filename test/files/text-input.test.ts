import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeText, type TextEncoding, UndecodableText } from '../../src/files/text-input.js';
import { bundle } from '../local/child-process.js';

function refusalOf(bytes: readonly number[], encoding?: TextEncoding): { encoding: string; offset: number } {
  try {
    return { encoding: decodeText(Buffer.from(bytes), encoding), offset: -1 };
  } catch (error) {
    expect(error).toBeInstanceOf(UndecodableText);
    const { encoding: tried, offset } = error as UndecodableText;
    return { encoding: tried, offset };
  }
}

describe('text that is given', () => {
  it.each([
    ['utf-8', [0x63, 0xc3, 0xa9], 'cé'],
    ['latin1', [0x63, 0xe9, 0x80], 'cé\u0080'],
    ['windows-1252', [0x63, 0xe9, 0x80, 0x9f, 0x81], 'cé€Ÿ\u0081'],
    ['mac-roman', [0x63, 0x8e, 0xd5, 0xdb, 0xff, 0x80], 'cé’€ˇÄ'],
    ['utf-16le', [0x63, 0x00, 0xe9, 0x00, 0x3d, 0xd8, 0x00, 0xde], 'cé😀'],
    ['utf-16be', [0x00, 0x63, 0x00, 0xe9, 0xd8, 0x3d, 0xde, 0x00], 'cé😀'],
  ] as const)('is what it was in %s', (encoding, bytes, text) => {
    expect(decodeText(Buffer.from(bytes), encoding)).toBe(text);
  });

  it.each([
    ['UTF-8', [0xef, 0xbb, 0xbf, 0x61]],
    ['UTF-16, the lower byte first', [0xff, 0xfe, 0x61, 0x00]],
    ['UTF-16, the higher byte first', [0xfe, 0xff, 0x00, 0x61]],
  ])('is read as the byte order mark says, and without it: %s', (_, bytes) => {
    expect(decodeText(Buffer.from(bytes))).toBe('a');
  });

  it('keeps the replacement character where somebody wrote it', () => {
    expect(decodeText(Buffer.from('a\uFFFDb'))).toBe('a\uFFFDb');
  });

  it.each([
    ['Latin-1', [0x63, 0x61, 0x66, 0xe9, 0x20], 3],
    ['a sequence that is cut short', [0x61, 0xe2, 0x82], 1],
    ['a surrogate', [0x61, 0xed, 0xa0, 0x80], 1],
    ['an overlong form', [0x61, 0x62, 0xc0, 0xaf], 2],
    ['a bad byte behind a replacement character', [...Buffer.from('é\uFFFD'), 0xff], 5],
    ['a bad byte behind a byte order mark', [0xef, 0xbb, 0xbf, 0x61, 0xff], 4],
  ])('is refused with the offset of the byte that is not UTF-8: %s', (_, bytes, offset) => {
    expect(refusalOf(bytes)).toEqual({ encoding: 'utf-8', offset });
  });

  it.each([
    ['half a character', 'utf-16le', [0x61, 0x00, 0x62], 2],
    ['a lone high surrogate', 'utf-16le', [0x61, 0x00, 0x3d, 0xd8, 0x61, 0x00], 2],
    ['a lone low surrogate', 'utf-16be', [0xde, 0x00, 0x00, 0x61], 0],
  ] as const)('is refused with the offset of what is not UTF-16: %s', (_, encoding, bytes, offset) => {
    expect(refusalOf(bytes, encoding)).toEqual({ encoding, offset });
  });

  it('is never changed without a word: what is decoded can be encoded back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const { encoding, offset } = refusalOf([...bytes], 'utf-8');
        if (offset < 0) {
          const mark = Buffer.from(bytes.subarray(0, 3)).equals(Buffer.from('\uFEFF')) ? 3 : 0;
          expect(Buffer.from(encoding)).toEqual(Buffer.from(bytes.subarray(mark)));
        } else {
          // What stands before the offset is text, and no longer piece is.
          expect(refusalOf([...bytes.subarray(0, offset)], 'utf-8').offset).toBe(-1);
        }
      }),
    );
  });
});

describe('stdin', () => {
  it('is waited for where another process made it non-blocking, and nothing is there yet', async () => {
    const child = spawn(process.execPath, [bundle('read-non-blocking-stdin')], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines: string[] = [];
    const output = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    await once(output, 'line');
    child.stdin.end('3 + 4');
    await Promise.all([once(child, 'close'), once(output, 'close')]);
    expect(lines).toEqual(['EAGAIN', '3 + 4']);
  });
});
