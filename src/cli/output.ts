import { once } from 'node:events';
import { describeFailure, type FailureReport } from './failure.js';
import { PLAIN, type Style } from './style.js';
import { visible } from './terminal-text.js';

/** Version of the shape of every JSON document; it changes only when a published field changes its meaning. */
export const SCHEMA_VERSION = 1;

/** Writes a whole text, and waits while the reader is slower than we are. */
export async function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain');
}

/** Wraps a result into the document that scripts see. A result that is no object travels as `value`. */
export function document(result: unknown): Record<string, unknown> {
  const isRecord = typeof result === 'object' && result !== null && !Array.isArray(result);
  return { schemaVersion: SCHEMA_VERSION, ...(isRecord ? result : { value: result ?? null }) };
}

/** The one JSON document of a command, on stdout. */
export async function writeDocument(result: unknown): Promise<void> {
  await write(process.stdout, `${JSON.stringify(document(result), null, 2)}\n`);
}

/** One record of a stream, as one line of JSON on stdout. */
export async function writeJsonLine(record: unknown): Promise<void> {
  await write(process.stdout, `${JSON.stringify(document(record))}\n`);
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
  if (json === 'document') await writeDocument({ error: failure });
  else if (json === 'line') await writeJsonLine({ error: failure });
  else await write(process.stderr, failureText(failure, style));
  if (process.env['STUI_LOG'] === 'debug' && error instanceof Error) {
    await write(process.stderr, `${error.stack ?? error.message}\n`);
  }
  return failure.exitCode;
}

function failureText({ message, hint }: FailureReport, style: Style): string {
  // Both may quote what was typed or what a backend said.
  return `${style.bad('stui:')} ${visible(message)}\n${hint === null ? '' : `${style.dim(visible(hint))}\n`}`;
}
