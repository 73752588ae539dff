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

/** What differs in more than a third of a word is another word, not a slip of the finger. */
const MAX_DISTANCE_SHARE = 1 / 3;

/** The failure for words that name no command, with the nearest command there is as the hint. */
export function unknownCommand(words: readonly string[], vocabulary: Vocabulary): CliError {
  const nearest = nearestName(words, vocabulary);
  const topic = words.length > 1 && vocabulary.topics.includes(words[0] as string) ? `${words[0]} ` : '';
  return new CliError('command-not-found', `There is no command "${words.join(' ')}"`, {
    hint: nearest === undefined ? `Run "stui ${topic}--help" for what there is.` : `Did you mean "stui ${nearest}"?`,
  });
}

/** Of equally near names the longest: it accounts for more of what was typed. */
function nearestName(words: readonly string[], { commandIds, topics }: Vocabulary): string | undefined {
  return [...commandIds, ...topics]
    .map((id) => ({ name: id.replaceAll(':', ' '), distance: nameDistance(id.split(':'), words) }))
    .filter(({ distance }) => distance > 0 && distance < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.distance - b.distance || b.name.length - a.name.length)[0]?.name;
}

function nameDistance(name: readonly string[], words: readonly string[]): number {
  return name.reduce((total, part, index) => {
    const slips = distance(part, words[index] ?? '');
    return slips > Math.max(1, Math.floor(part.length * MAX_DISTANCE_SHARE)) ? Number.POSITIVE_INFINITY : total + slips;
  }, 0);
}
