/** Brings inputs that were typed elsewhere into the history of a session, without running them. */
import { decodeText } from '../files/text-input.js';
import type { Parameters } from '../protocol/command.js';
import { MAX_CODE_LENGTH, MAX_MESSAGE_BYTES, MAX_RECORDED_INPUTS } from '../protocol/limits.js';
import type { recordInputs } from '../protocol/workspace-commands.js';
import {
  detectedFormat,
  parseRecordedInputs,
  type RecordedInputs,
  type RecordFormat,
} from '../session/recorded-inputs.js';
import { unmetafied } from '../session/zsh-meta.js';
import type { Redaction } from './redaction.js';
import type { Workplace } from './workplace.js';

export interface InputToRecord {
  readonly code: string;
  /** ISO 8601, UTC; null where the file does not say. */
  readonly time: string | null;
  /** Secrets in it were replaced. */
  readonly redacted: boolean;
}

export interface InputsFound {
  readonly format: RecordFormat;
  /** Oldest first. */
  readonly inputs: readonly InputToRecord[];
  /** Evaluations whose code is not in the file. */
  readonly skipped: number;
  /** Inputs that no evaluation could be as long as. */
  readonly tooLong: number;
}

/**
 * Reads a history file, and leaves out the secrets in it.
 * @param decode makes text of bytes, and throws where they are none
 */
export function findInputs(
  bytes: Buffer,
  format: RecordFormat | 'auto',
  redaction: Redaction,
  decode: (bytes: Uint8Array) => string = decodeText,
): InputsFound {
  const { inputs, ...found } = parseFile(bytes, format, decode);
  const kept = inputs.map(({ code, time = null }) => {
    const instead = redaction(code);
    return { code: instead ?? code, time, redacted: instead !== undefined };
  });
  const short = kept.filter(({ code }) => !isTooLong(code));
  return { ...found, inputs: short, tooLong: kept.length - short.length };
}

function parseFile(
  bytes: Buffer,
  format: RecordFormat | 'auto',
  decode: (bytes: Uint8Array) => string,
): RecordedInputs {
  // The marks of zsh are ASCII. Its bytes are no text before they are put back into what was typed.
  const isZsh = format === 'zsh' || (format === 'auto' && detectedFormat(bytes.toString('latin1')) === 'zsh');
  return isZsh ? parseRecordedInputs(decode(unmetafied(bytes)), 'zsh') : parseRecordedInputs(decode(bytes), format);
}

/** Bytes of the inputs in one request, at most, as JSON; one that is longer goes alone. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** Bytes that a request has room for beside its inputs. */
const FRAME_BYTES = 64 * 1024;

function isTooLong(code: string): boolean {
  return code.length > MAX_CODE_LENGTH || jsonBytes(code) > MAX_MESSAGE_BYTES - FRAME_BYTES;
}

/** @returns the id of the session, and how many were added, and were there already. @throws {ProtocolError} SessionClosed, ... */
export async function recordAll(
  workplace: Workplace,
  reference: string,
  { format, inputs }: InputsFound,
  ifRevision?: number,
): Promise<{ session: string; recorded: number; known: number }> {
  let session = reference;
  let recorded = 0;
  let known = 0;
  let expected = ifRevision;
  for (const piece of pieces(inputs)) {
    const reply = await workplace.ask('record_inputs', {
      session_id: session,
      source: format,
      inputs: piece,
      if_revision: expected,
    });
    // Nobody may come between two pieces either.
    if (expected !== undefined) expected = reply.session.revision;
    session = reply.session.id;
    recorded += reply.recorded;
    known += reply.known;
  }
  return { session, recorded, known };
}

type Piece = Parameters<typeof recordInputs>['inputs'];

/** At least one, so that the session is asked for in any case. */
function* pieces(inputs: readonly InputToRecord[]): Generator<Piece> {
  let piece: Piece = [];
  let bytes = 0;
  for (const { code, time, redacted } of inputs) {
    const input = { code, ...(time === null ? {} : { typed_at: time }), ...(redacted ? { redacted } : {}) };
    const size = jsonBytes(input);
    if (piece.length === MAX_RECORDED_INPUTS || (piece.length > 0 && bytes + size > PIECE_BYTES)) {
      yield piece;
      piece = [];
      bytes = 0;
    }
    piece.push(input);
    bytes += size + 1;
  }
  yield piece;
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
