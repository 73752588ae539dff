/** A command's descriptor: its documentation, parameters, result and errors stand together; dispatcher, validation and reference are made from it. */
import * as v from 'valibot';
import { type ErrorType, ProtocolError } from './errors.js';

export type ObjectSchema = v.ObjectSchema<v.ObjectEntries, undefined>;

export interface CommandDescriptor<P extends ObjectSchema = ObjectSchema, R extends ObjectSchema = ObjectSchema> {
  readonly name: string;
  /** One line of documentation. */
  readonly summary: string;
  /** Part of the published STUI session protocol, so its fields never change. */
  readonly published: boolean;
  readonly parameters: P;
  readonly result: R;
  /** Beyond {@link ERRORS_OF_EVERY_COMMAND}. */
  readonly errors: readonly ErrorType[];
}

export type Parameters<D> = D extends CommandDescriptor<infer P, ObjectSchema> ? v.InferOutput<P> : never;
export type Result<D> = D extends CommandDescriptor<ObjectSchema, infer R> ? v.InferOutput<R> : never;

export function command<P extends ObjectSchema, R extends ObjectSchema>(
  descriptor: CommandDescriptor<P, R>,
): CommandDescriptor<P, R> {
  return descriptor;
}

/** Longest name or message quoted from a peer's mistake, in characters: both may be as long as a message. */
const MAX_QUOTED_LENGTH = 200;

/** What a client asks first, when it cannot know yet what the backend knows. */
const FIRST_COMMAND = 'hello';

/** Names quoted of what a peer sent too much of. */
const MAX_NAMED = 5;

/**
 * Checks a request's parameters against the descriptor. A parameter that is not known is refused: a misspelt `key` would
 * make an evaluation run twice. The published protocol ignores such ones, so its commands do, too, unless the request says
 * which version it is written for.
 * @throws {ProtocolError} InvalidParameters, naming each parameter and the first thing that is wrong with it
 */
export function parseParameters<P extends ObjectSchema>(
  descriptor: CommandDescriptor<P>,
  parameters: unknown,
  version?: number,
): v.InferOutput<P> {
  const given = isObject(parameters) ? parameters : undefined;
  const ignoresUnknown = version === undefined && (descriptor.published || descriptor.name === FIRST_COMMAND);
  const unknown = given && !ignoresUnknown ? unknownAmong(given, descriptor) : [];
  // A list of a million mistakes would make a million issues: each parameter stops at its first.
  const parsed = v.safeParse(descriptor.parameters, parameters, { abortEarly: true });
  if (parsed.success && unknown.length === 0) return parsed.output;
  const problems = given
    ? Object.entries(descriptor.parameters.entries).flatMap(([name, schema]) => problemOf(name, schema, given))
    : ['"parameters" is a JSON object'];
  problems.push(...unknown.slice(0, MAX_NAMED).map((name) => `unknown "${quoted(name)}" parameter`));
  throw new ProtocolError('InvalidParameters', `${descriptor.name}: ${problems.join('; ')}`);
}

function unknownAmong(given: Record<string, unknown>, { parameters }: CommandDescriptor): string[] {
  return Object.keys(given).filter((name) => !Object.hasOwn(parameters.entries, name));
}

function problemOf(name: string, schema: v.GenericSchema, given: Record<string, unknown>): string[] {
  const parsed = v.safeParse(v.object({ [name]: schema }), given, { abortEarly: true });
  if (parsed.success) return [];
  const [issue] = parsed.issues;
  if (!Object.hasOwn(given, name)) return [`missing "${name}" parameter`];
  return [`"${quoted(v.getDotPath(issue) ?? name)}": ${quoted(issue.message)}`];
}

function quoted(text: string): string {
  return text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
