/** Finds in a shell's command what `stui eval` was given to evaluate. */
import type { Word } from './shell-words.js';

/** What may stand before a command's name without changing what is run. */
const PREFIXES = new Set(
  '! { if then elif else while until do time command exec nohup env sudo npx and or not begin'.split(' '),
);
const ASSIGNMENT = /^[A-Za-z_]\w*\+?=/;
const PROGRAM = /(?:^|\/)stui(?:\.cjs)?$/;
const NODE = /(?:^|\/)node$/;

/** Flags of `stui eval` that take the next word; the others stand alone or bring their value with them. */
const VALUE_FLAGS = new Set(
  '-c --connection -f --file -s --session --timeout --key --offline --rerun --if-revision'.split(' '),
);

/**
 * @returns undefined when the words are no evaluation; without `code` when the words do not tell what was evaluated: it came
 *   from a file, from stdin, from the journal or from the shell, or the command line was wrong.
 */
export function evalInvocation(words: readonly Word[]): { readonly code?: string } | undefined {
  const args = argumentsOfStui(words);
  if (!args) return undefined;
  const { positionals, flags } = sorted(args);
  const [command, code, ...more] = positionals;
  if (command?.dynamic !== false || command.text !== 'eval') return undefined;
  if (flags.has('--help') || flags.has('-h')) return undefined;
  const elsewhere = ['-f', '--file', '--rerun'].some((flag) => flags.has(flag));
  if (elsewhere || !code || code.dynamic || more.length > 0 || code.text === '-' || code.text.trim() === '') return {};
  return { code: code.text };
}

function argumentsOfStui(words: readonly Word[]): readonly Word[] | undefined {
  let at = words.findIndex(({ text }) => !PREFIXES.has(text) && !ASSIGNMENT.test(text));
  if (NODE.test(words[at]?.text ?? '')) {
    at += 1;
    while (words[at]?.text.startsWith('-')) at += 1;
  }
  return PROGRAM.test(words[at]?.text ?? '') ? words.slice(at + 1) : undefined;
}

function sorted(args: readonly Word[]): { positionals: Word[]; flags: Set<string> } {
  const positionals: Word[] = [];
  const flags = new Set<string>();
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] as Word;
    if (word.text === '--') return { positionals: [...positionals, ...args.slice(at + 1)], flags };
    // Like the command line itself, which takes -3 for a number, not for a flag.
    if (!/^-[^\d]/.test(word.text)) positionals.push(word);
    else {
      // -fFILE and --file=FILE bring their value with them.
      flags.add(/^--[^=]+|^-./.exec(word.text)?.[0] ?? word.text);
      if (VALUE_FLAGS.has(word.text)) at += 1;
    }
  }
  return { positionals, flags };
}
