/** Which bindings an input with secrets gives them to: what the journal leaves out of the code is in their values. */
import { assignedNames } from './assigned-names.js';
import { REDACTED } from './secrets.js';

/** A string, a comment or a character; or what ends a statement. The point of a number ends none. */
const PIECE = /'[^']*'?|"[^"]*"?|\$[\s\S]|[.!](?!\d)/g;

/**
 * @param redacted code with `[redacted]` where secrets stood
 * @returns the names that its statements with a secret assign, each once. A secret reaches others unseen: as an argument, or by
 *   a later statement.
 */
export function secretBindings(redacted: string): string[] {
  const names = new Set<string>();
  for (const statement of statementsOf(redacted)) {
    if (!statement.includes(REDACTED)) continue;
    for (const name of assignedNames(statement)) names.add(name);
  }
  return [...names];
}

function* statementsOf(code: string): Generator<string> {
  let start = 0;
  for (const { 0: piece, index } of code.matchAll(PIECE)) {
    if (piece !== '.' && piece !== '!') continue;
    yield code.slice(start, index);
    start = index + 1;
  }
  yield code.slice(start);
}
