/** The history files of bash, zsh and fish: which commands were given, and when. */
import { isoTime } from './point-in-time.js';
import { type Dialect, type Reading, readCommands, type Word } from './shell-words.js';

export type Shell = 'bash' | 'zsh' | 'fish';

export interface ShellCommand {
  readonly words: readonly Word[];
  /** ISO 8601 in UTC with milliseconds, where the history has times. */
  readonly time?: string;
}

/** Commands as they were given at one prompt. */
interface Block {
  readonly text: string;
  readonly time?: string;
  /** The text is one entry, so that a quote open at the end of a line is surely closed on another. */
  readonly whole: boolean;
}

/**
 * @returns the commands of a history, oldest first. bash without timestamps keeps no trace of where an entry ends: there
 *   an open quote reaches over a line's end only in commands that `wanted` tells, for a history that was cut off in the
 *   middle of an entry would have all quotes the wrong way round.
 */
export function* shellCommands(
  history: string,
  shell: Shell,
  wanted: (words: readonly Word[]) => boolean,
): Generator<ShellCommand> {
  const dialect = shell === 'fish' ? 'fish' : 'posix';
  for (const block of BLOCKS[shell](history.split('\n'))) {
    const time = block.time === undefined ? {} : { time: block.time };
    for (const words of commandsIn(block, dialect, wanted)) yield { words, ...time };
  }
}

function* commandsIn(
  { text, whole }: Block,
  dialect: Dialect,
  wanted: (words: readonly Word[]) => boolean,
): Generator<readonly Word[]> {
  // What was not closed once is not closed from further on either; looking again for each line would take quadratic time.
  const neverClosed = new Set<string>();
  for (let at = 0; at < text.length; ) {
    const lineEnd = text.indexOf('\n', at);
    const line = lineEnd === -1 ? text.slice(at) : text.slice(at, lineEnd);
    let reading: Reading = readCommands(line, 0, dialect);
    let next = at + line.length + 1;
    const { open, commands } = reading;
    if (open !== undefined && !neverClosed.has(open) && (whole || open === '<<' || commands.some(wanted))) {
      const longer = readCommands(text, at, dialect);
      if (longer.open !== undefined) neverClosed.add(open);
      else {
        reading = longer;
        next = longer.end;
      }
    }
    yield* reading.commands;
    at = next;
  }
}

const BLOCKS: Readonly<Record<Shell, (lines: readonly string[]) => Iterable<Block>>> = { bash, zsh, fish };

/** With HISTTIMEFORMAT set, a comment with the Unix time stands above each entry. */
function* bash(lines: readonly string[]): Generator<Block> {
  let block: string[] = [];
  let stamp: string | undefined;
  for (const line of lines) {
    const next = BASH_TIMESTAMP.exec(line)?.[1];
    if (next === undefined) block.push(line);
    else {
      yield blockOf(block.join('\n'), stamp, stamp !== undefined);
      block = [];
      stamp = next;
    }
  }
  yield blockOf(block.join('\n'), stamp, stamp !== undefined);
}

/** A backslash keeps the line break behind it in the entry. With EXTENDED_HISTORY the time and duration stand in front. */
function* zsh(lines: readonly string[]): Generator<Block> {
  let entry: string[] = [];
  for (const line of lines) {
    if (line.endsWith('\\')) {
      entry.push(line.slice(0, -1));
      continue;
    }
    // A space tells a backslash that ends an entry from one that continues it.
    const text = [...entry, line.replace(/\\ +$/, (end) => end.slice(0, -1))].join('\n');
    entry = [];
    const [header = '', stamp] = ZSH_HEADER.exec(text) ?? [];
    yield blockOf(text.slice(header.length).replace(/^\\:/, ':'), stamp, true);
  }
  if (entry.length > 0) yield blockOf(entry.join('\n'), undefined, true);
}

function* fish(lines: readonly string[]): Generator<Block> {
  let entry: string | undefined;
  let stamp: string | undefined;
  for (const line of [...lines, '- cmd: ']) {
    const text = FISH_COMMAND.exec(line)?.[1];
    if (text === undefined) stamp ??= /^\s+when: (\d+)/.exec(line)?.[1];
    else {
      if (entry !== undefined) yield blockOf(entry, stamp, true);
      entry = text.replaceAll(/\\([n\\])/g, (_, escaped) => (escaped === 'n' ? '\n' : '\\'));
      stamp = undefined;
    }
  }
}

/** Shorter numbers are no times of any shell with a history, but may be Smalltalk's symbols. */
export const BASH_TIMESTAMP = /^#(\d{9,12})\s*$/;
export const ZSH_HEADER = /^: *(\d+):\d+;/;
export const FISH_COMMAND = /^- cmd: (.*)$/s;

function blockOf(text: string, stamp: string | undefined, whole: boolean): Block {
  const time = stamp === undefined ? undefined : isoTime(Number(stamp) * 1_000);
  return { text, whole, ...(time === undefined ? {} : { time }) };
}
