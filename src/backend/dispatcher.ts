/** From the bytes of a request to the bytes of its reply. Whatever arrives, it answers and does not throw. */
import { createHash } from 'node:crypto';
import { EngineDied, EngineUnavailable } from '../engine/contract.js';
import { isNoRoom } from '../files/system-error.js';
import { DamagedJournal, JournalFull } from '../journal/journal.js';
import { type CommandDescriptor, parseParameters } from '../protocol/command.js';
import { COMMANDS, type CommandName } from '../protocol/commands.js';
import {
  decodeRequest,
  errorReply,
  type InterimReply,
  interimReply,
  type Reply,
  type Request,
  successReply,
  UnreadableRequest,
} from '../protocol/envelope.js';
import { ProtocolError } from '../protocol/errors.js';
import { DONE_ONCE } from '../protocol/repetition.js';
import { formatPath } from '../session/context-path.js';
import { InexactJson, parseExactJson } from '../session/exact-json.js';
import type { Handlers, Progress } from './handlers.js';
import type { Log } from './log.js';

/** Only ids that cannot be another client's by chance; programs that count their requests send them once. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Commands with JSON that is kept as it comes. What has been parsed shows no more what it was written as. */
const KEEPING_JSON: readonly string[] = ['resolve_conflict', 'update_session_state'] satisfies CommandName[];

/** Answers kept for requests that come again: links move within seconds. */
const KEPT_ANSWERS = 256;

interface Kept {
  /** Of the command and its parameters: an id says only that a request may have come before, not that it did. */
  readonly digest: string;
  readonly answer: Promise<Reply>;
}

export class Dispatcher {
  readonly #answers = new Map<string, Kept>();

  constructor(
    private readonly handlers: Handlers,
    private readonly log: Log,
  ) {}

  /**
   * @param tell sends an interim reply
   * @returns the reply, always
   */
  async dispatch(bytes: Uint8Array, tell: (reply: InterimReply) => void): Promise<Reply> {
    let request: Request;
    try {
      request = decodeRequest(bytes);
    } catch (error) {
      return errorReply(error instanceof UnreadableRequest ? error.id : null, this.#typed(error), new Date());
    }
    const known = this.#answers.get(String(request.id));
    const digest = known || isDoneOnce(request) ? digestOf(request) : '';
    if (known?.digest === digest) return known.answer;
    if (known) return errorReply(request.id, reusedId(request), new Date());
    const inexact = KEEPING_JSON.includes(request.command) ? inexactJson(request.command, bytes) : undefined;
    if (inexact) return errorReply(request.id, inexact, new Date());
    const answer = this.#answer(request, tell);
    if (isDoneOnce(request)) this.#keep(String(request.id), { digest, answer });
    return answer;
  }

  #keep(id: string, kept: Kept): void {
    this.#answers.set(id, kept);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > KEPT_ANSWERS && oldest !== undefined) this.#answers.delete(oldest);
  }

  async #answer(request: Request, tell: (reply: InterimReply) => void): Promise<Reply> {
    try {
      const progress: Progress = (status, result) => tell(interimReply(request.id, status, result, new Date()));
      return successReply(request.id, await this.#handle(request, progress), new Date());
    } catch (error) {
      return errorReply(request.id, this.#typed(error), new Date());
    }
  }

  #handle(request: Request, progress: Progress): unknown {
    const { command, version } = request;
    if (!Object.hasOwn(COMMANDS, command)) {
      throw new ProtocolError('UnknownCommand', `There is no command "${command.slice(0, 100)}"`);
    }
    const name = command as CommandName;
    const parameters = parseParameters(COMMANDS[name] as CommandDescriptor, request.parameters, version);
    return this.handlers[name](parameters as never, progress);
  }

  #typed(error: unknown): ProtocolError {
    if (error instanceof ProtocolError) return error;
    if (error instanceof DamagedJournal) {
      return new ProtocolError('DamagedData', error.message, { session: error.session, lastGood: error.lastGood });
    }
    if (error instanceof JournalFull || isNoRoom(error)) {
      return new ProtocolError('StorageFull', 'The disk of the backend is full');
    }
    // An evaluation tells of these as its outcome; this is for a restore or a save.
    if (error instanceof EngineUnavailable || error instanceof EngineDied) {
      return new ProtocolError('EngineUnavailable', error.message);
    }
    this.log(error instanceof Error ? (error.stack ?? error.message) : String(error), 'error');
    return new ProtocolError('RuntimeError', error instanceof Error ? error.message : String(error));
  }
}

function isDoneOnce({ id, command }: Request): boolean {
  return DONE_ONCE.includes(command) && UUID.test(String(id));
}

function digestOf({ command, parameters }: Request): string {
  return createHash('sha256')
    .update(JSON.stringify([command, parameters]))
    .digest('base64');
}

function reusedId({ id }: Request): ProtocolError {
  return new ProtocolError(
    'InvalidRequest',
    `A request with the id ${id} and other content came before: every request has an id of its own`,
  );
}

/** @returns what a client is told of JSON that would come back as something else */
function inexactJson(command: string, bytes: Uint8Array): ProtocolError | undefined {
  try {
    parseExactJson(new TextDecoder().decode(bytes));
    return undefined;
  } catch (error) {
    if (!(error instanceof InexactJson)) throw error;
    const [part, ...path] = error.path;
    const place = formatPath(part === 'parameters' ? path : error.path);
    return new ProtocolError('InvalidParameters', `${command}: "${place}": ${error.reason}`);
  }
}
