/** What a person gives as input, from a file or stdin: bytes read without blocking for ever, and text decoded strictly. */
import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { placeOf } from './descriptor-path.js';
import { systemCode } from './system-error.js';

export const TEXT_ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'latin1', 'windows-1252', 'mac-roman'] as const;
export type TextEncoding = (typeof TEXT_ENCODINGS)[number];

/** Bytes that are no text in the encoding they were read in. */
export class UndecodableText extends Error {
  constructor(
    readonly encoding: TextEncoding,
    /** Of the first byte that does not fit, from 0. */
    readonly offset: number,
  ) {
    super(`it is not ${encoding} text: see the byte at offset ${offset}`);
  }
}

const STDIN = 0;

/**
 * Characters of the bytes from 0x80 on. TextDecoder knows Mac Roman only where Node has all of ICU, and that of Node 20
 * takes 1252 for Latin-1.
 */
const UPPER_HALVES = {
  'windows-1252': '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ',
  'mac-roman':
    'ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u00a0ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\uf8ffÒÚÛÙı\u02c6\u02dc\u00af\u02d8\u02d9\u02da\u00b8\u02dd\u02db\u02c7',
} as const;

const FIRST_UPPER = 0x80;

const REPLACEMENT = '\uFFFD';
const UTF8_REPLACEMENT = Buffer.from(REPLACEMENT);

/** How texts begin that say themselves what they are. The longest comes first. */
const BYTE_ORDER_MARKS: readonly { readonly bytes: Buffer; readonly encoding: TextEncoding }[] = [
  { bytes: Buffer.from([0xef, 0xbb, 0xbf]), encoding: 'utf-8' },
  { bytes: Buffer.from([0xff, 0xfe]), encoding: 'utf-16le' },
  { bytes: Buffer.from([0xfe, 0xff]), encoding: 'utf-16be' },
];

/** @returns all bytes of a file, or of stdin for `-`. @throws the system's error */
export async function readBytes(file: string): Promise<Buffer> {
  if (file === '-' || isStdin(file)) return readStdin();
  return readFile(file);
}

/**
 * Text from bytes; a byte order mark is left out.
 * @param encoding undefined: what the byte order mark says, UTF-8 where there is none
 * @throws UndecodableText instead of putting U+FFFD in the place of what does not fit
 */
export function decodeText(bytes: Uint8Array, encoding?: TextEncoding): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mark = BYTE_ORDER_MARKS.find((candidate) => buffer.subarray(0, candidate.bytes.length).equals(candidate.bytes));
  const chosen = encoding ?? mark?.encoding ?? 'utf-8';
  const skipped = mark?.encoding === chosen ? mark.bytes.length : 0;
  return decode(buffer, skipped, chosen);
}

function decode(buffer: Buffer, skipped: number, encoding: TextEncoding): string {
  const content = buffer.subarray(skipped);
  switch (encoding) {
    case 'utf-8':
      if (!isUtf8(content)) throw new UndecodableText(encoding, skipped + firstNoUtf8(content));
      return content.toString('utf8');
    case 'utf-16le':
    case 'utf-16be':
      return decodeUtf16(content, skipped, encoding);
    case 'latin1':
      return content.toString('latin1');
    case 'windows-1252':
    case 'mac-roman':
      return content.toString('latin1').replace(/[\x80-\xff]/g, (character) => {
        return UPPER_HALVES[encoding].charAt(character.charCodeAt(0) - FIRST_UPPER) || character;
      });
  }
}

function firstNoUtf8(bytes: Buffer): number {
  // Up to the first replacement that is not in the bytes themselves, text and bytes correspond.
  const text = bytes.toString('utf8');
  let offset = 0;
  let seen = 0;
  for (let at = text.indexOf(REPLACEMENT); at >= 0; at = text.indexOf(REPLACEMENT, seen)) {
    offset += Buffer.byteLength(text.slice(seen, at));
    if (!bytes.subarray(offset, offset + UTF8_REPLACEMENT.length).equals(UTF8_REPLACEMENT)) break;
    offset += UTF8_REPLACEMENT.length;
    seen = at + 1;
  }
  return offset;
}

function decodeUtf16(content: Buffer, skipped: number, encoding: 'utf-16le' | 'utf-16be'): string {
  const even = content.subarray(0, content.length - (content.length % 2));
  const text = (encoding === 'utf-16le' ? even : Buffer.from(even).swap16()).toString('utf16le');
  const lone = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.exec(text)?.index;
  if (lone !== undefined) throw new UndecodableText(encoding, skipped + 2 * lone);
  if (even.length < content.length) throw new UndecodableText(encoding, skipped + even.length);
  return text;
}

function isStdin(file: string): boolean {
  try {
    return placeOf(file).descriptor === STDIN;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    // Reading it says what is wrong with it.
    return false;
  }
}

/** As a stream: a read of the descriptor itself fails where another process made it non-blocking. */
async function readStdin(): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
