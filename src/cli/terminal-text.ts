/** Text of unknown origin, made fit for a terminal. */
import stringWidth from 'fast-string-truncated-width';

/**
 * Everything that a terminal would obey instead of show: C0 and C1 controls, and the marks that reorder text in display
 * and so can make it read as something else (https://trojansource.codes). Line feed and tab are kept apart.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Shows control characters as escapes, so that a print string cannot recolour, retitle or rewrite the terminal. */
export function visible(text: string): string {
  return text.replace(OBEYED, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The select-graphic-rendition codes that our styles and the help are made of; others could hide what follows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const OUR_STYLES = /(\u001b\[(?:1|2|4|22|24|3[1236]|39)m)/;

/** The same for a whole text that may be styled: whatever somebody forgot to make visible is obeyed no more. */
export function visibleInStyle(text: string): string {
  // What is captured stands at the odd places.
  const pieces = text.split(OUR_STYLES);
  return pieces.map((piece, index) => (index % 2 === 0 ? visible(piece) : piece)).join('');
}

/** The same inside a JSON text, which stays one of equal value. */
export function visibleJson(json: string): string {
  return json.replace(OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same on one line: line feeds and tabs are shown as escapes too. */
export function visibleLine(text: string): string {
  return visible(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

const ELLIPSIS = '…';

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** Columns that a text takes: wide characters take two, combining ones and colour codes none. */
export function columns(text: string): number {
  return PRINTABLE_ASCII.test(text) ? text.length : stringWidth(text).width;
}

/** Fills up with spaces to a width in columns. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

/** Cuts to a width in columns, marking the cut with an ellipsis. */
export function cut(text: string, width: number): string {
  if (columns(text) <= width) return text;
  return `${text.slice(0, stringWidth(text, { limit: width, ellipsis: ELLIPSIS }).index)}${ELLIPSIS}`;
}
