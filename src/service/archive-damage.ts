/** What can still be told of an archive that is not what was written. */
import { createGunzip } from 'node:zlib';
import { MAX_UNPACKED_BYTES } from '../protocol/limits.js';
import { unhashedLine } from '../session/archive.js';
import { chainHash, GENESIS } from '../session/chain.js';
import { isPacked } from './archive-file.js';

export interface Survey {
  /** What its first line says of the session; null where that cannot be read. */
  readonly session: string | null;
  readonly name: string | null;
  readonly revision: number | null;
  /** Last revision whose entry, like all before it, is as it was written. */
  readonly lastGood: number;
}

/** @param bytes of an archive, packed or not, whole or not */
export async function survey(bytes: Buffer): Promise<Survey> {
  const text = isPacked(bytes) ? await unpackWhatCanBe(bytes) : bytes.toString('utf8');
  const [header = '', ...lines] = text.split('\n');
  return { ...readHeader(header), lastGood: goodEntries(lines) };
}

/** An entry that is cut short has no hash any more, so it does not count. */
function goodEntries(lines: readonly string[]): number {
  let head = GENESIS;
  for (const [index, text] of lines.entries()) {
    const { line, hash } = unhashedLine(text);
    if (hash === '' || chainHash(head, line) !== hash) return index;
    head = hash;
  }
  return lines.length;
}

function readHeader(line: string): Omit<Survey, 'lastGood'> {
  let header: { id?: unknown; name?: unknown; revision?: unknown } = {};
  try {
    header = Object(JSON.parse(line));
  } catch {
    // It is among what is damaged.
  }
  const { id, name, revision } = header;
  return {
    session: typeof id === 'string' ? id : null,
    name: typeof name === 'string' ? name : null,
    revision: typeof revision === 'number' ? revision : null,
  };
}

function unpackWhatCanBe(bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let size = 0;
    const unpack = createGunzip();
    const finish = () => {
      unpack.destroy();
      resolve(Buffer.concat(pieces).toString('utf8'));
    };
    unpack.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size > MAX_UNPACKED_BYTES) finish();
      else pieces.push(piece);
    });
    unpack.on('end', finish).on('error', finish);
    unpack.end(bytes);
  });
}
