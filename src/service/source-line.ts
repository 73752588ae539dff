/** Sources in tables and lists, where there is one line for each. */

/** The first line of a source. Smalltalk sources may end their lines with a carriage return alone. */
export function firstLine(code: string): string {
  return code.trim().split(/[\r\n]/, 1)[0] ?? '';
}
