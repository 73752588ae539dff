/**
 * Smalltalk's chunk format, as far as text goes: `!` ends a chunk, `!!` stands for one `!`, a chunk that starts with `!`
 * names what reads the chunks after it. Unlike the first readers of this format we let a lone `!` stand inside strings,
 * comments and character literals, because that is what people type; comments of classes are prose and follow the
 * strict rule.
 */

interface Part {
  /** With `!!` made `!`. */
  readonly text: string;
  /** Offset of the part in the file. */
  readonly start: number;
  /** The part as it stands in the file. */
  readonly raw: string;
}

export interface DoItPart extends Part {
  readonly kind: 'doIt';
}

export interface MethodPart extends Part {
  readonly kind: 'method';
  /** `Foo` or `Foo class`. */
  readonly behavior: string;
  readonly protocol: string;
}

export interface CommentPart extends Part {
  readonly kind: 'comment';
  readonly behavior: string;
}

export type FilePart = DoItPart | MethodPart | CommentPart;

/** The offset in the file of a place in a part's text. */
export function fileOffset(part: Part, offset: number): number {
  let inRaw = 0;
  for (let inText = 0; inText < offset && inRaw < part.raw.length; inText += 1) {
    inRaw += part.raw.startsWith('!!', inRaw) ? 2 : 1;
  }
  return part.start + inRaw;
}

/** Whether a text is in chunk format: it has a `!` that Smalltalk itself has no use for. */
export function isChunkFormat(source: string): boolean {
  return source.includes('!') && smalltalkChunkEnd(source, 0) < source.length;
}

/** The parts of a file, in order, without blank ones. */
export function parseChunks(source: string): FilePart[] {
  return [...partsOf(source)];
}

const METHODS_FOR = /^\s*(\w+(?:\s+class)?)\s+methodsFor:?\s*(?:'((?:[^']|'')*)')?/;
const COMMENT_STAMP = /^\s*(\w+(?:\s+class)?)\s+commentStamp\b/;

function* partsOf(source: string): Generator<FilePart> {
  let at = 0;
  while (at < source.length) {
    const blank = /^\s*/.exec(source.slice(at))?.[0].length ?? 0;
    const opensReader = source[at + blank] === '!' && source[at + blank + 1] !== '!';
    if (opensReader) at += blank + 1;
    const end = smalltalkChunkEnd(source, at);
    const part = partBetween(source, at, end);
    if (opensReader && part.text.trim() === '') continue;
    at = end + 1;
    const methods = opensReader ? METHODS_FOR.exec(part.text) : null;
    const comment = opensReader ? COMMENT_STAMP.exec(part.text) : null;
    if (methods?.[1] !== undefined) {
      at = yield* methodsFrom(source, at, methods[1], (methods[2] ?? '').replaceAll("''", "'"));
    } else if (comment?.[1] !== undefined) {
      const commentEnd = proseChunkEnd(source, at);
      yield { kind: 'comment', behavior: comment[1], ...partBetween(source, at, commentEnd) };
      at = commentEnd + 1;
    } else if (part.text.trim() !== '') {
      yield { kind: 'doIt', ...part };
    }
  }
}

/** The methods of one section, which a blank chunk ends. */
function* methodsFrom(source: string, from: number, behavior: string, protocol: string): Generator<MethodPart, number> {
  let at = from;
  while (at < source.length) {
    const end = smalltalkChunkEnd(source, at);
    const part = partBetween(source, at, end);
    at = end + 1;
    if (part.text.trim() === '') break;
    yield { kind: 'method', behavior, protocol: protocol === '' ? 'as yet unclassified' : protocol, ...part };
  }
  return at;
}

function partBetween(source: string, start: number, end: number): Part {
  const whole = source.slice(start, end);
  const leading = /^\s*/.exec(whole)?.[0].length ?? 0;
  const raw = whole.slice(leading).trimEnd();
  return { text: raw.replaceAll('!!', '!'), start: start + leading, raw };
}

/** Where the chunk of code that starts at `from` ends; the source's length when nothing ends it. */
function smalltalkChunkEnd(source: string, from: number): number {
  let at = from;
  while (at < source.length) {
    const character = source[at];
    if (character === "'" || character === '"') {
      const close = source.indexOf(character, at + 1);
      // An unclosed quote is the parser's to report; the chunk ends where the strict rule says.
      if (close === -1) return proseChunkEnd(source, at);
      at = close + 1;
    } else if (character === '$') at += 2;
    else if (character !== '!') at += 1;
    else if (source[at + 1] === '!') at += 2;
    else return at;
  }
  return source.length;
}

function proseChunkEnd(source: string, from: number): number {
  for (let at = source.indexOf('!', from); at !== -1; at = source.indexOf('!', at + 2)) {
    if (source[at + 1] !== '!') return at;
  }
  return source.length;
}
