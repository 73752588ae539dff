/** Inputs that were recorded elsewhere: in a list, in a Smalltalk source, or in the history of a shell. */
import { chunkInputs } from './chunk-inputs.js';
import { evalInvocation } from './eval-invocation.js';
import { isChunkFormat } from './readable-export.js';
import { BASH_TIMESTAMP, FISH_COMMAND, type Shell, shellCommands, ZSH_HEADER } from './shell-history.js';

export const RECORD_FORMATS = ['text', 'chunks', 'bash', 'zsh', 'fish'] as const;

export type RecordFormat = (typeof RECORD_FORMATS)[number];

export interface RecordedInput {
  readonly code: string;
  /** ISO 8601 in UTC with milliseconds, where the record has times. */
  readonly time?: string;
}

export interface RecordedInputs {
  readonly format: RecordFormat;
  /** Oldest first. */
  readonly inputs: readonly RecordedInput[];
  /** Evaluations in a shell's history whose code is not in it: it came from a file, from stdin or from the shell. */
  readonly skipped: number;
}

/**
 * Reads inputs: of `text` one a line, of `chunks` one a chunk, of a shell's history those that `stui eval` was given as an
 * argument. Anything can be read as any format; what makes no sense in it gives nothing.
 */
export function parseRecordedInputs(text: string, format: RecordFormat | 'auto'): RecordedInputs {
  const record = text.replace(/^\ufeff/, '');
  switch (format) {
    case 'auto':
      return parseRecordedInputs(record, detectedFormat(record));
    case 'text':
      return { format, inputs: lineInputs(record), skipped: 0 };
    case 'chunks':
      return { format, inputs: [...chunkInputs(record)], skipped: 0 };
    default:
      return { format, ...shellInputs(record, format) };
  }
}

/**
 * The first that holds: the first line that is not blank is an entry of fish; any line is an entry of zsh with its time, or a
 * timestamp of bash; the text ends in a chunk's `!`; a shell would run `stui eval`; a `!` ends a chunk anywhere; else text.
 */
export function detectedFormat(record: string): RecordFormat {
  const lines = record.split('\n');
  if (FISH_COMMAND.test(lines.find((line) => line.trim() !== '') ?? '')) return 'fish';
  if (lines.some((line) => ZSH_HEADER.test(line))) return 'zsh';
  if (lines.some((line) => BASH_TIMESTAMP.test(line))) return 'bash';
  const chunks = isChunkFormat(record);
  if (chunks && record.trimEnd().endsWith('!')) return 'chunks';
  const { inputs, skipped } = shellInputs(record, 'bash');
  if (inputs.length + skipped > 0) return 'bash';
  return chunks ? 'chunks' : 'text';
}

function lineInputs(record: string): RecordedInput[] {
  return record
    .split('\n')
    .map((line) => ({ code: line.trim() }))
    .filter(({ code }) => code !== '');
}

function shellInputs(record: string, shell: Shell): { inputs: RecordedInput[]; skipped: number } {
  const inputs: RecordedInput[] = [];
  let skipped = 0;
  for (const { words, ...time } of shellCommands(record, shell, (words) => evalInvocation(words) !== undefined)) {
    const invocation = evalInvocation(words);
    if (invocation?.code !== undefined) inputs.push({ code: invocation.code, ...time });
    else if (invocation) skipped += 1;
  }
  return { inputs, skipped };
}
