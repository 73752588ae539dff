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
  /** Beyond InvalidParameters, ShuttingDown and RuntimeError, which every command can answer. */
  readonly errors: readonly ErrorType[];
}

export type Parameters<D> = D extends CommandDescriptor<infer P, ObjectSchema> ? v.InferOutput<P> : never;
export type Result<D> = D extends CommandDescriptor<ObjectSchema, infer R> ? v.InferOutput<R> : never;

export function command<P extends ObjectSchema, R extends ObjectSchema>(
  descriptor: CommandDescriptor<P, R>,
): CommandDescriptor<P, R> {
  return descriptor;
}

/**
 * Checks a request's parameters against the descriptor. Unknown parameters are ignored: newer clients may send more.
 * @throws {ProtocolError} InvalidParameters, naming each parameter and what is wrong with it
 */
export function parseParameters<P extends ObjectSchema>(
  descriptor: CommandDescriptor<P>,
  parameters: unknown,
): v.InferOutput<P> {
  const parsed = v.safeParse(descriptor.parameters, parameters);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => {
    const path = v.getDotPath(issue);
    const missing = issue.input === undefined && path;
    return missing ? `missing "${path}" parameter` : `"${path ?? 'parameters'}": ${issue.message}`;
  });
  throw new ProtocolError('InvalidParameters', `${descriptor.name}: ${problems.join('; ')}`);
}
