import { distance } from 'fastest-levenshtein';
import { CliError } from './errors.js';

/** What exists, as the manifest lists it: ids with colons, e.g. `session:create`. */
export interface Vocabulary {
  readonly commandIds: readonly string[];
  readonly topics: readonly string[];
}

/** What a command line names, and the words and flags that are left for it. */
export type Target =
  | { readonly kind: 'command' | 'topic'; readonly id: string; readonly rest: readonly string[] }
  | { readonly kind: 'nothing'; readonly rest: readonly string[] }
  | { readonly kind: 'unknown'; readonly words: readonly string[] };

/**
 * Finds what a command line names: the longest command its leading words spell, else the topic they spell exactly.
 * A topic followed by a word that is none of its commands is unknown, not a request for the topic's help.
 */
export function findTarget(argv: readonly string[], { commandIds, topics }: Vocabulary): Target {
  const leadingJson = argv[0] === '--json' ? ['--json'] : [];
  const line = argv.slice(leadingJson.length);
  const firstFlag = line.findIndex((word) => word.startsWith('-'));
  const words = firstFlag === -1 ? line : line.slice(0, firstFlag);
  for (let length = words.length; length > 0; length -= 1) {
    const id = words.slice(0, length).join(':');
    if (commandIds.includes(id)) return { kind: 'command', id, rest: [...leadingJson, ...line.slice(length)] };
  }
  const rest = [...leadingJson, ...line.slice(words.length)];
  const id = words.join(':');
  if (id === '') return { kind: 'nothing', rest };
  return topics.includes(id) ? { kind: 'topic', id, rest } : { kind: 'unknown', words };
}

/** Typing errors beyond a third of the word are not typing errors. */
const MAX_DISTANCE_SHARE = 1 / 3;

/** The failure for words that name no command, with the nearest command there is as the hint. */
export function unknownCommand(words: readonly string[], { commandIds, topics }: Vocabulary): CliError {
  const typed = words.join(' ');
  const names = [...commandIds, ...topics].map((id) => id.replaceAll(':', ' '));
  const nearest = names
    .map((name) => ({ name, distance: distanceToTyped(name, words) }))
    .filter(({ name, distance }) => distance <= Math.ceil(name.length * MAX_DISTANCE_SHARE))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))[0];
  return new CliError('command-not-found', `There is no command "${typed}"`, {
    hint:
      nearest === undefined ? 'Run "stui --help" for the list of commands.' : `Did you mean "stui ${nearest.name}"?`,
  });
}

/** Compares as many words as the name has: what follows may be arguments. */
function distanceToTyped(name: string, words: readonly string[]): number {
  return distance(name, words.slice(0, name.split(' ').length).join(' '));
}
