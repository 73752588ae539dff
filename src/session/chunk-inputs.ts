/** The inputs in a Smalltalk source in chunk format, each as it would be given to an evaluation of its own. */

export interface ChunkInput {
  readonly code: string;
  /** From the comment that an export of ours puts above each input. */
  readonly time?: string;
}

const EXPORT_COMMENT = /^"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z), revision \d+"$/;
const COMMENTS_ONLY = /^(?:\s|"[^"]*")*$/;

/**
 * @returns one input a chunk, without those that hold comments only. A section of methods, or of a class comment, is one
 *   input, in chunk format as it stands: its chunks are no expressions, and mean nothing without the one that opens them.
 */
export function* chunkInputs(source: string): Generator<ChunkInput> {
  let time: { time?: string } = {};
  for (let at = 0; at < source.length; ) {
    const end = chunkEnd(source, at);
    const chunk = source.slice(at, end).trim();
    const opensSection = chunk === '' && end < source.length;
    const part = opensSection ? sectionBehind(source, end) : { code: chunk.replaceAll('!!', '!'), end: end + 1 };
    const stamp = EXPORT_COMMENT.exec(part.code)?.[1];
    if (stamp !== undefined) time = { time: stamp };
    else if (!COMMENTS_ONLY.test(part.code)) {
      yield { code: part.code, ...time };
      time = {};
    }
    at = part.end;
  }
}

/** The section that the mark at `mark` opens, or the one expression when what it opens is none. */
function sectionBehind(source: string, mark: number): { code: string; end: number } {
  const headEnd = chunkEnd(source, mark + 1);
  const head = source.slice(mark + 1, headEnd);
  if (/\bcommentStamp\b/.test(head)) {
    const end = proseEnd(source, headEnd + 1);
    return { code: source.slice(mark, end + 1).trim(), end: end + 1 };
  }
  if (!/\bmethodsFor\b/.test(head)) return { code: head.trim().replaceAll('!!', '!'), end: headEnd + 1 };
  let start = headEnd + 1;
  let end = chunkEnd(source, start);
  while (end < source.length && source.slice(start, end).trim() !== '') {
    start = end + 1;
    end = chunkEnd(source, start);
  }
  return { code: source.slice(mark, end + 1).trim(), end: end + 1 };
}

/** Where the chunk that starts at `from` ends: a `!` may stand in strings, comments and character literals. */
function chunkEnd(source: string, from: number): number {
  for (let at = from; at < source.length; ) {
    const character = source[at];
    if (character === "'" || character === '"') {
      const close = source.indexOf(character, at + 1);
      // Nothing can be told about what an open quote holds.
      if (close === -1) return proseEnd(source, at);
      at = close + 1;
    } else if (character === '$') at += source.startsWith('!!', at + 1) ? 3 : 2;
    else if (character !== '!') at += 1;
    else if (source[at + 1] === '!') at += 2;
    else return at;
  }
  return source.length;
}

function proseEnd(source: string, from: number): number {
  for (let at = source.indexOf('!', from); at !== -1; at = source.indexOf('!', at + 2)) {
    if (source[at + 1] !== '!') return at;
  }
  return source.length;
}
