/**
 * The names that a piece of Smalltalk assigns to, found without running it. Strings, comments and character literals are
 * passed over; declared temporaries and block-local names are included, so this is an upper bound.
 */
const LITERAL = /'[^']*'?|"[^"]*"?|\$[\s\S]/;
const ASSIGNMENT = /(?<![\p{L}\p{N}_])([\p{L}_][\p{L}\p{N}_]*)(?:\s|"[^"]*")*:=/u;
const TOKEN = new RegExp(`${LITERAL.source}|${ASSIGNMENT.source}`, 'gu');

/** @returns the assigned names, each once, in order of first assignment. */
export function assignedNames(code: string): string[] {
  const names = new Set<string>();
  for (const match of code.matchAll(TOKEN)) if (match[1]) names.add(match[1]);
  return [...names];
}
