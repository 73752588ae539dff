import { systemCode } from '../files/system-error.js';
import { CliError } from './errors.js';
import { EXIT_CODES } from './exit-codes.js';
import { describeFailure, type FailureReport } from './failure.js';
import { PLAIN, type Style } from './style.js';
import { visible, visibleInStyle, visibleJson } from './terminal-text.js';

/** Version of the shape of every JSON document; it changes only when a published field changes its meaning. */
export const SCHEMA_VERSION = 1;

/** The reader of the output went away, or its disk is full. */
export class OutputLost extends CliError {
  override readonly name = 'OutputLost';

  constructor(
    override readonly cause: Error,
    hint?: string,
  ) {
    const isReaderGone = systemCode(cause) === 'EPIPE';
    super('output-lost', `The output cannot be written: ${cause.message}`, {
      exit: isReaderGone ? 'pipeClosed' : 'unexpected',
      hint,
      cause,
    });
  }

  /** Nobody reads, by choice (`| head -1`), and nothing is lost by it. */
  get isNoNews(): boolean {
    return this.exit === 'pipeClosed' && this.hint === undefined;
  }
}

/** Errors that whoever wrote has been told of. */
const told = new WeakSet<Error>();

/**
 * Writes a whole text, and waits while the reader is slower than we are. A terminal shows all of it, and obeys our colours.
 * @throws OutputLost
 */
export function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return put(stream, stream.isTTY ? visibleInStyle(text) : text);
}

/** Writes what is no text of ours: as it is, but for terminals. @throws OutputLost */
export function writeBytes(stream: NodeJS.WriteStream, bytes: Uint8Array): Promise<void> {
  return stream.isTTY ? write(stream, Buffer.from(bytes).toString('utf8')) : put(stream, bytes);
}

function put(stream: NodeJS.WriteStream, chunk: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => {
      told.add(error);
      reject(new OutputLost(error));
    };
    try {
      stream.write(chunk, (error) => (error ? refuse(error) : resolve()));
    } catch (error) {
      // What Node makes of a stdout that is a file.
      refuse(error as Error);
    }
  });
}

/** Ends the process, with a line at most, when something was written that nobody waited for and that is lost. */
export function endOnLostOutput(): void {
  const end = (error: Error): void => {
    if (told.has(error)) return;
    const lost = new OutputLost(error);
    if (lost.isNoNews) process.exit(lost.exitCode);
    void writeFailure(lost, { json: false }).then((code) => process.exit(code));
  };
  process.stdout.on('error', end);
  // There is nowhere left to say it.
  process.stderr.on('error', (error) => {
    if (systemCode(error) === 'EPIPE' && !told.has(error)) process.exit(EXIT_CODES.pipeClosed.code);
  });
}

/** Wraps a result into the document that scripts see. A result that is no object travels as `value`. */
export function document(result: unknown): Record<string, unknown> {
  const isRecord = typeof result === 'object' && result !== null && !Array.isArray(result);
  return { schemaVersion: SCHEMA_VERSION, ...(isRecord ? result : { value: result ?? null }) };
}

/** @returns the document as JSON; for a terminal with escapes in place of what it would obey */
export function documentText(result: unknown, { isTTY, indent = 0 }: { isTTY: boolean; indent?: number }): string {
  const text = JSON.stringify(document(result), null, indent);
  return isTTY ? visibleJson(text) : text;
}

/** The one JSON document of a command, on stdout. */
export async function writeDocument(result: unknown): Promise<void> {
  await write(process.stdout, `${documentText(result, { isTTY: process.stdout.isTTY === true, indent: 2 })}\n`);
}

/** One record of a stream, as one line of JSON on stdout. */
export async function writeJsonLine(record: unknown): Promise<void> {
  await write(process.stdout, `${documentText(record, { isTTY: process.stdout.isTTY === true })}\n`);
}

/** How a failure is told: to a person on stderr, or to a script on stdout. */
export interface FailureAudience {
  readonly json: 'document' | 'line' | false;
  readonly style?: Style;
}

/**
 * Tells about a failure and says which exit code it ends with.
 * A stack trace is for whoever debugs stui: it is shown with `STUI_LOG=debug` only.
 */
export async function writeFailure(error: unknown, { json, style = PLAIN }: FailureAudience): Promise<number> {
  const failure = describeFailure(error);
  if (error instanceof OutputLost) {
    if (!error.isNoNews) await writeToStderr(failureText(failure, style));
  } else if (json === false) await writeToStderr(failureText(failure, style));
  else {
    try {
      await (json === 'document' ? writeDocument({ error: failure }) : writeJsonLine({ error: failure }));
    } catch (lost) {
      if (!(lost instanceof OutputLost)) throw lost;
      await writeToStderr(failureText(failure, style));
    }
  }
  if (process.env['STUI_LOG'] === 'debug' && error instanceof Error) {
    await writeToStderr(`${error.stack ?? error.message}\n`);
  }
  return failure.exitCode;
}

async function writeToStderr(text: string): Promise<void> {
  // Where that cannot be written, the exit code has to say it all.
  await write(process.stderr, text).catch(() => {});
}

function failureText({ message, hint }: FailureReport, style: Style): string {
  // Both may quote what was typed or what a backend said.
  return `${style.bad('stui:')} ${visible(message)}\n${hint === null ? '' : `${style.dim(visible(hint))}\n`}`;
}
