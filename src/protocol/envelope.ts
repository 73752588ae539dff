/** The envelope: `{id, command, parameters}` one way, `{id, status, result | error + error_type, timestamp}` the other. */
import { type ErrorType, ProtocolError } from './errors.js';
import { MAX_IDENTIFIER_LENGTH, MAX_MESSAGE_BYTES, MAX_NESTING_DEPTH } from './limits.js';
import { PROTOCOL_VERSIONS } from './version.js';

export type RequestId = string | number;

export interface Request {
  readonly id: RequestId;
  readonly command: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Protocol version that the request is written for; undefined where it does not say. */
  readonly version?: number;
}

export interface SuccessReply {
  readonly id: RequestId | null;
  readonly status: 'success';
  readonly result: unknown;
  readonly timestamp: string;
}

export interface ErrorReply {
  readonly id: RequestId | null;
  readonly status: 'error';
  readonly error: string;
  readonly error_type: ErrorType;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly timestamp: string;
}

/** Before the reply, for those who asked: how far the request has come. Its id stays in use. */
export interface InterimReply {
  readonly id: RequestId | null;
  readonly status: 'accepted' | 'running';
  readonly result: unknown;
  readonly timestamp: string;
}

export type Reply = SuccessReply | ErrorReply;

/** A request that cannot be read, with its id where that much could be read. */
export class UnreadableRequest extends ProtocolError {
  constructor(
    type: ErrorType,
    message: string,
    readonly id: RequestId | null = null,
  ) {
    super(type, message);
  }
}

/**
 * Reads a request from the bytes of a frame.
 * @throws {UnreadableRequest} InvalidRequest or MessageTooLarge
 */
export function decodeRequest(bytes: Uint8Array): Request {
  checkLimits(bytes);
  const message = parseJson(bytes);
  if (!isRecord(message)) throw new UnreadableRequest('InvalidRequest', 'A request is a JSON object');
  const id = message.id;
  if (!isRequestId(id)) {
    throw new UnreadableRequest(
      'InvalidRequest',
      `A request has an "id": a string of at most ${MAX_IDENTIFIER_LENGTH} characters, or a number that JSON keeps exact`,
    );
  }
  if (typeof message.command !== 'string') {
    throw new UnreadableRequest('InvalidRequest', 'A request has a "command": a string', id);
  }
  const parameters = message.parameters ?? {};
  if (!isRecord(parameters)) {
    throw new UnreadableRequest('InvalidRequest', '"parameters" is a JSON object', id);
  }
  const { command, stui_version: version } = message;
  if (version === undefined) return { id, command, parameters };
  if (PROTOCOL_VERSIONS.some((known) => known === version))
    return { id, command, parameters, version: Number(version) };
  throw new UnreadableRequest('InvalidRequest', `"stui_version" is one of ${PROTOCOL_VERSIONS.join(', ')}`, id);
}

/**
 * Writes a request. A backend that gets one above the limits cannot read whose it is, so that its refusal has no id and
 * nobody could tell what it answers: such a request is refused before it is sent.
 * @returns the frame, JSON
 * @throws {UnreadableRequest} MessageTooLarge
 */
export function encodeRequest({
  id,
  command,
  parameters,
}: {
  id: RequestId;
  command: string;
  parameters: unknown;
}): string {
  const frame = JSON.stringify({ id, command, parameters });
  checkLimits(Buffer.from(frame));
  return frame;
}

function checkLimits(bytes: Uint8Array): void {
  if (bytes.byteLength > MAX_MESSAGE_BYTES) {
    throw new UnreadableRequest(
      'MessageTooLarge',
      `The message has ${bytes.byteLength} bytes; at most ${MAX_MESSAGE_BYTES} are accepted`,
    );
  }
  if (nestingDepth(bytes) > MAX_NESTING_DEPTH) {
    throw new UnreadableRequest('MessageTooLarge', `The message is nested deeper than ${MAX_NESTING_DEPTH} levels`);
  }
}

/** Reads a reply; used by clients. @throws {ProtocolError} InvalidRequest when it is none. */
export function decodeReply(bytes: Uint8Array): Reply | InterimReply {
  const message = parseJson(bytes);
  const isReply =
    isRecord(message) &&
    (['success', 'accepted', 'running'].includes(message.status as string) ||
      (message.status === 'error' && typeof message.error === 'string'));
  if (!isReply) {
    throw new ProtocolError('InvalidRequest', 'The peer answered with something that is not a STUI reply');
  }
  return message as unknown as Reply | InterimReply;
}

export function isInterim(reply: Reply | InterimReply): reply is InterimReply {
  return reply.status === 'accepted' || reply.status === 'running';
}

export function successReply(id: RequestId, result: unknown, now: Date): SuccessReply {
  return { id, status: 'success', result, timestamp: now.toISOString() };
}

export function interimReply(id: RequestId, status: InterimReply['status'], result: unknown, now: Date): InterimReply {
  return { id, status, result, timestamp: now.toISOString() };
}

export function errorReply(id: RequestId | null, error: ProtocolError, now: Date): ErrorReply {
  return {
    id,
    status: 'error',
    error: error.message,
    error_type: error.type,
    ...(error.details ? { details: error.details } : {}),
    timestamp: now.toISOString(),
  };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new UnreadableRequest('InvalidRequest', 'The message is not JSON in UTF-8');
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRequestId(value: unknown): value is RequestId {
  return (
    (typeof value === 'string' && value.length <= MAX_IDENTIFIER_LENGTH) ||
    // A greater whole number would come back as another one, and its reply would find nobody waiting.
    (typeof value === 'number' && Number.isFinite(value) && (Number.isSafeInteger(value) || !Number.isInteger(value)))
  );
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Counts nesting before parsing, so that nothing recursive ever sees a deep message. */
function nestingDepth(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (inString) {
      if (byte === BACKSLASH) index++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) deepest = Math.max(deepest, ++depth);
    else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) depth--;
  }
  return deepest;
}
