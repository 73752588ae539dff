/** Labels as people write them on a command line: `key=value` sets, `key-` removes. */
import { UsageError } from '../cli/errors.js';
import { cut } from '../cli/terminal-text.js';

/** Enough to recognise a label by. */
const QUOTED_COLUMNS = 60;

/** @throws UsageError */
export function parseLabels(words: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = Object.create(null);
  for (const word of words) {
    const [name, value] = splitLabel(word);
    labels[name] = value;
  }
  return labels;
}

/** @throws UsageError */
export function parseLabelChanges(words: readonly string[]): Record<string, string | null> {
  const changes: Record<string, string | null> = Object.create(null);
  for (const word of words) {
    if (word.includes('=')) {
      const [name, value] = splitLabel(word);
      changes[name] = value;
    } else if (word.endsWith('-') && word.length > 1) changes[word.slice(0, -1)] = null;
    else
      throw new UsageError(
        `Not a label: "${cut(word, QUOTED_COLUMNS)}"`,
        'Write key=value to set a label, key- to remove it.',
      );
  }
  return changes;
}

function splitLabel(word: string): [string, string] {
  const at = word.indexOf('=');
  if (at < 1) throw new UsageError(`Not a label: "${cut(word, QUOTED_COLUMNS)}"`, 'Write it as key=value.');
  return [word.slice(0, at), word.slice(at + 1)];
}
