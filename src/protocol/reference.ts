/** The protocol reference, made from the descriptors the dispatcher runs on, so that it cannot drift from them. */
import type { CommandDescriptor } from './command.js';
import { COMMANDS } from './commands.js';
import { ERROR_DETAILS, ERROR_TYPES, ERRORS_OF_EVERY_COMMAND } from './errors.js';
import * as limits from './limits.js';
import { DONE_ONCE } from './repetition.js';
import { CAPABILITIES, PROTOCOL_VERSIONS } from './version.js';

/** The parts of a valibot schema that the reference reads. */
interface AnySchema {
  readonly type: string;
  readonly entries?: Record<string, AnySchema>;
  readonly wrapped?: AnySchema;
  readonly item?: AnySchema;
  readonly key?: AnySchema;
  readonly value?: AnySchema;
  readonly options?: readonly unknown[];
  readonly pipe?: readonly (AnySchema & { readonly description?: string })[];
}

/** @returns docs/protocol.md */
export function renderProtocolReference(): string {
  return `${[
    '# The protocol',
    '<!-- Generated from src/protocol. Change it there, then run `npm run docs`. -->',
    INTRODUCTION,
    IDS,
    VISIBILITY,
    LOST_REPLIES,
    '## Limits',
    renderLimits(),
    '## Commands',
    'Commands marked *published* belong to the STUI session protocol that other programs speak: their fields keep their names and meanings.',
    `Every command can also answer ${listOf(ERRORS_OF_EVERY_COMMAND)}.`,
    ...Object.values(COMMANDS).map((descriptor) => renderCommand(descriptor as CommandDescriptor)),
    '## Errors',
    table(
      ['error_type', 'Meaning'],
      Object.entries(ERROR_TYPES).map(([type, meaning]) => [`\`${type}\``, meaning]),
    ),
    DETAILS,
    table(
      ['error_type', 'details'],
      Object.entries(ERROR_DETAILS).map(([type, details]) => [`\`${type}\``, details]),
    ),
  ].join('\n\n')}\n`;
}

const INTRODUCTION = `The backend listens on a ZeroMQ ROUTER socket. A client connects with REQ or DEALER and sends one frame of JSON in
UTF-8 (a DEALER may put an empty frame before it, as REQ does by itself; the reply mirrors what the request had):

\`\`\`json
{"id": "1", "command": "evaluate", "parameters": {"client_id": "ci", "code": "3 + 4"}}
\`\`\`

The answer carries the same \`id\`:

\`\`\`json
{"id": "1", "status": "success", "result": {"result": "7"}, "timestamp": "2026-01-31T12:00:00.000Z"}
{"id": "1", "status": "error", "error": "No session …", "error_type": "SessionNotFound", "timestamp": "…"}
\`\`\`

An \`evaluate\` that asks for them gets interim replies before the answer: the same \`id\` with the status \`accepted\`, then
\`running\`, and the key, session and revision as \`result\`.

Requests of one client run concurrently; evaluations of one session run in the order they were accepted. An evaluation is
accepted when its input is durable in the journal; sending the same \`key\` again then gives the same answer and runs
nothing. A frame that cannot be read is answered with an error, and with \`id\` null where not even that could be read.

Protocol versions: ${PROTOCOL_VERSIONS.join(', ')}. Capabilities: ${listOf(CAPABILITIES)}.`;

const IDS = `## Ids

- The \`id\` of a request is a string of at most ${limits.MAX_IDENTIFIER_LENGTH} characters, or a number that JSON keeps exact (no
  \`null\`, no fraction beyond that). A client gives each request one of its own. Commands that change something and have no key
  (${listOf(DONE_ONCE)}) are
  done once for an id that is a UUID: the same request again gets the same answer, for as long as that is remembered, and
  another request under the same id gets \`InvalidRequest\`. Other ids, such as numbers that are counted, may come again.
- A session's id is a UUID. Where a command takes a session, it takes its id, its name, or a unique beginning of its id.
- A \`client_id\` says who asks. It is a name that the client chooses and keeps, of at most ${limits.MAX_IDENTIFIER_LENGTH} characters.
- An idempotency \`key\` belongs to one session, and to what was asked for under it: with other code, another patch, or a rerun
  of another evaluation it is a \`KeyConflict\`. Of code that holds secrets only what the journal keeps is compared.
- An id that a client chooses for a session is taken for a retry only with the same name, labels and time to live, or the same
  origin of a fork, and from the same client; else it is a \`KeyConflict\`.
- An \`upload\` belongs to one client. A piece that comes again has to be the same.

## Unknown parameters

A command of ours refuses parameters that it does not know: a misspelt \`key\` would make an evaluation run twice. \`hello\` and
the published commands ignore them, as other programs expect, unless the request says that it is written for this protocol:
\`{"id": "1", "stui_version": 1, "command": "evaluate", "parameters": {…}}\`. Unknown members of the request itself are ignored.`;

const VISIBILITY = `## Which sessions a client sees

- A request with a \`client_id\` sees the sessions of that client, those shared with it or with all, and those it imported;
  others are not there for it (\`SessionNotFound\`). A request without one sees every session. This keeps clients apart and is
  no access control: a client says itself who it is.
- Names are unique among the open sessions that a client sees.
- \`evaluate\` and \`inspect\` without a \`session_id\` mean the session \`default\` of that client, which is created when it is
  first needed; without a \`client_id\` that is the one of the client \`anonymous\`.`;

const LOST_REPLIES = `## Replies that do not arrive

A reply is sent to the connection that the request came from; when that is gone, so is the reply. For a peer that does not
read, replies wait up to a number of bytes, and no longer than half a minute while it takes none; those beyond are dropped
without a word. A client that misses a reply sends the request again, with the same \`id\` and the same \`key\`.`;

const DETAILS = `An error may have \`details\`: an object with what a program would otherwise have to read out of the text. Members
may be added; those named here keep their meaning.`;

function listOf(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function renderLimits(): string {
  return table(
    ['Limit', 'Value'],
    Object.entries(limits).map(([name, value]) => [
      name.replace(/^MAX_/, '').toLowerCase().replaceAll('_', ' '),
      value.toLocaleString('en'),
    ]),
  );
}

function renderCommand(descriptor: CommandDescriptor): string {
  const parameters = Object.entries(descriptor.parameters.entries as Record<string, AnySchema>);
  const results = Object.entries(descriptor.result.entries as Record<string, AnySchema>);
  return [
    `### ${descriptor.name}`,
    `${descriptor.summary}${descriptor.published ? ' *Published.*' : ''}`,
    parameters.length === 0 ? 'No parameters.' : table(['Parameter', 'Type', 'About'], fieldRows(parameters)),
    table(['Result', 'Type', 'About'], fieldRows(results)),
    descriptor.errors.length === 0 ? '' : `Errors: ${listOf(descriptor.errors)}, and those of every command.`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function fieldRows(fields: readonly [string, AnySchema][]): string[][] {
  return fields.flatMap(([name, schema]) => [
    [`\`${name}\``, typeName(schema), `${isOptional(schema) ? 'Optional. ' : ''}${descriptionOf(schema)}`],
    ...nestedRows(name, schema),
  ]);
}

function nestedRows(name: string, schema: AnySchema): string[][] {
  const inner = unwrap(schema);
  const object = inner.type === 'array' ? unwrap(inner.item as AnySchema) : inner;
  if (object.type !== 'object' || !object.entries) return [];
  const path = inner.type === 'array' ? `${name}[]` : name;
  return fieldRows(Object.entries(object.entries).map(([key, value]) => [`${path}.${key}`, value]));
}

function typeName(schema: AnySchema): string {
  switch (schema.type) {
    case 'optional':
    case 'exact_optional':
      return typeName(schema.wrapped as AnySchema);
    case 'nullable':
      return `${typeName(schema.wrapped as AnySchema)} or null`;
    case 'array':
      return `array of ${typeName(schema.item as AnySchema)}`;
    case 'custom':
      return typeName(schema.pipe?.find((item) => item.type === 'map' || item.pipe) as AnySchema);
    case 'map':
      return `object of ${typeName(schema.value as AnySchema)}`;
    case 'picklist':
      return (schema.options ?? []).map((option) => `\`${option}\``).join(', ');
    case 'unknown':
      return 'any';
    default:
      return schema.type;
  }
}

function isOptional(schema: AnySchema): boolean {
  return schema.type === 'optional' || schema.type === 'exact_optional';
}

function unwrap(schema: AnySchema): AnySchema {
  return schema.wrapped ? unwrap(schema.wrapped) : schema;
}

function descriptionOf(schema: AnySchema): string {
  const own = schema.pipe?.find((action) => action.type === 'description')?.description;
  if (own) return own;
  return schema.wrapped ? descriptionOf(schema.wrapped) : '';
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
