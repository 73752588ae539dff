/** Paths, values and patches as people give them: on the command line, in a file, or on stdin. */
import { UsageError } from '../../cli/errors.js';
import { BadPath, formatPath, parsePath } from '../../session/context-path.js';
import { contextProblem } from '../../session/context-problem.js';
import { InexactJson, parseExactJson } from '../../session/exact-json.js';
import { isObject, type Json, type JsonObject } from '../../session/json.js';
import { applyMergePatch } from '../../session/merge-patch.js';
import { readText as readFrom } from '../input-file.js';

export interface GivenValue {
  /** `-` for stdin. */
  readonly value?: string | undefined;
  /** Or `-` for stdin. */
  readonly file?: string | undefined;
  /** Take it as it is, also where it would be JSON. */
  readonly asText: boolean;
}

/** @param context what the patch is made from; undefined where nothing is known of it */
export type MakePatch = (context: JsonObject | undefined) => JsonObject;

/** @throws UsageError */
export function pathOf(text: string): string[] {
  return orUsageError(() => parsePath(text));
}

/** A text where it is the buffer or no JSON, else what the JSON says. @throws UsageError, CliError */
export async function givenValue(path: readonly string[], { value, file, asText }: GivenValue): Promise<Json> {
  if (value !== undefined && file !== undefined) throw new UsageError('Give the value or a file, not both');
  if (value === undefined && file === undefined) {
    throw new UsageError('No value is given', 'Give it as an argument, a file with -f, or - for stdin.');
  }
  const text = value === undefined || value === '-' ? await readText(file ?? '-') : value;
  return asText || isBuffer(path) ? text : jsonOrText(text, path);
}

/** What a place in conflict is to be: JSON, but for the buffer, which is a text. @throws UsageError, CliError */
export async function givenDecision(path: readonly string[], file: string): Promise<Json> {
  const text = await readText(file);
  return isBuffer(path) ? text : json(text, { what: `What ${formatPath(path)} is to be`, path });
}

/** @throws UsageError, CliError */
export async function patchIn(file: string): Promise<JsonObject> {
  const patch = json(await readText(file), { what: 'The patch', path: [] });
  if (isObject(patch)) return patch;
  throw new UsageError(
    'The patch is not a JSON object',
    'Write a merge patch (RFC 7396): {"preferences": {"font": 12}}.',
  );
}

/**
 * @param change what makes a patch for a context, and throws BadPath where none can be made
 * @returns the patch
 * @throws UsageError with the place and the reason when a part of the context would not be what it has to be
 */
export function checkedPatch(change: MakePatch, context: JsonObject | undefined): JsonObject {
  const patch = orUsageError(() => change(context));
  const changed = applyMergePatch(context, patch) as JsonObject;
  // What is wrong with other parts is not this change's doing, and must not keep anybody from mending it.
  const touched = Object.fromEntries(Object.entries(changed).filter(([part]) => Object.hasOwn(patch, part)));
  const problem = contextProblem(touched);
  if (problem === undefined) return patch;
  throw new UsageError(problem.replace(/\.$/, ''), 'Nothing was changed.');
}

function isBuffer(path: readonly string[]): boolean {
  return path.length === 1 && path[0] === 'buffer';
}

function readText(file: string): Promise<string> {
  return readFrom(file, undefined, 'Convert it to UTF-8, for example with iconv.');
}

function jsonOrText(text: string, path: readonly string[]): Json {
  try {
    return parseExactJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw inexact(error, path, 'To store all of it as a text, say --text.');
  }
}

function json(text: string, { what, path }: { what: string; path: readonly string[] }): Json {
  try {
    return parseExactJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${what} is not JSON: ${error.message}`);
    throw inexact(error, path, 'Nothing was changed.');
  }
}

/** @param path where the JSON is to be */
function inexact(error: unknown, path: readonly string[], hint: string): unknown {
  if (!(error instanceof InexactJson)) return error;
  const place = formatPath([...path, ...error.path]);
  return new UsageError(place === '' ? error.reason : `${place}: ${error.reason}`, hint);
}

function orUsageError<R>(work: () => R): R {
  try {
    return work();
  } catch (error) {
    if (error instanceof BadPath) throw new UsageError(error.message.replace(/\.$/, ''));
    throw error;
  }
}
