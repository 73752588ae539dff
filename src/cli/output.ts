import { once } from 'node:events';
import { describeFailure, type FailureReport } from './failure.js';
import { PLAIN, type Style } from './style.js';
import { visible, visibleInStyle, visibleJson } from './terminal-text.js';

/** Version of the shape of every JSON document; it changes only when a published field changes its meaning. */
export const SCHEMA_VERSION = 1;

/** Writes a whole text, and waits while the reader is slower than we are. A terminal shows all of it, and obeys our colours. */
export async function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  if (!stream.write(stream.isTTY ? visibleInStyle(text) : text)) await once(stream, 'drain');
}

/** Writes what is no text of ours: as it is, but for terminals. */
export async function writeBytes(stream: NodeJS.WriteStream, bytes: Uint8Array): Promise<void> {
  if (stream.isTTY) return write(stream, Buffer.from(bytes).toString('utf8'));
  await new Promise<void>((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()));
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
