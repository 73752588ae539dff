/** Where a command works: this machine's state, the connection in use, the backend behind it, the session meant. */
import { CliError, UsageError } from '../cli/errors.js';
import { BackendClient } from '../client/backend-client.js';
import { Unreachable } from '../client/errors.js';
import { type LinkTiming, ONE_SHOT_TIMING } from '../client/timing.js';
import { clientId } from '../local/client-id.js';
import { LOCAL_CONNECTION } from '../local/connection-name.js';
import { LocalStateReadOnly } from '../local/errors.js';
import { Outbox } from '../local/outbox.js';
import { type StuiPaths, stuiPaths } from '../local/paths.js';
import { type LocalState, openLocalState } from '../local/state.js';
import type { Parameters, Result } from '../protocol/command.js';
import type { COMMANDS, CommandName } from '../protocol/commands.js';
import type { SessionSummary } from '../protocol/documents.js';
import type { InterimReply } from '../protocol/envelope.js';
import { ProtocolError } from '../protocol/errors.js';
import { privateLaunch, reachPrivateBackend } from './private-backend.js';

type Descriptors = typeof COMMANDS;

/** A backend that is asked too often names a pause, of milliseconds as a rule; after this many it is told to the person. */
const RATE_RETRIES = 20;

/** A refusal comes at once, and so would the next; a pause keeps whoever waits from spinning, in ms. */
const RECONNECT_PAUSE_MS = 100;

/** Questions about the backend itself: whoever asks them need not have an identity yet. */
const IMPERSONAL: readonly CommandName[] = ['hello', 'ping', 'get_backend_status'];

/** Commands that only look. */
const LOOKING = /^(get|list|read|diff|verify)_/;

export interface WorkplaceOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Connection to use; the default one when not given. */
  readonly connection?: string | undefined;
  readonly autostart: boolean;
  readonly warn: (message: string) => void;
}

export class Workplace {
  readonly paths: StuiPaths;
  readonly local: LocalState;
  readonly outbox: Outbox;
  #client: Promise<BackendClient> | undefined;
  #connection: string | undefined;

  constructor(private readonly options: WorkplaceOptions) {
    this.paths = stuiPaths(options.env);
    this.outbox = new Outbox(this.paths, { warn: (warning) => options.warn(String(warning.message)) });
    this.local = openLocalState(this.paths, { warn: (warning) => options.warn(String(warning.message)) });
  }

  /** Name of the connection in use. */
  get connection(): string {
    this.#connection ??= this.options.connection ?? this.local.connections.defaultName();
    return this.#connection;
  }

  get isPrivate(): boolean {
    return this.connection === LOCAL_CONNECTION;
  }

  /** Endpoint of the connection in use. @throws UnknownConnection */
  get endpoint(): string {
    return this.local.connections.endpoint(this.connection);
  }

  get clientId(): string {
    return clientId(this.paths);
  }

  /** Asks the backend; connects, or starts the private backend, first. @throws ProtocolError, Unreachable, RequestTimedOut */
  async ask<Name extends CommandName>(
    command: Name,
    parameters: Parameters<Descriptors[Name]>,
    timeoutMs?: number,
    onInterim?: (reply: InterimReply) => void,
  ): Promise<Result<Descriptors[Name]>> {
    // A backend shows each client its own sessions, and those shared with it.
    const identified = IMPERSONAL.includes(command) ? parameters : { ...this.#identity(command), ...parameters };
    for (let left = RATE_RETRIES; ; left -= 1) {
      try {
        return await (await this.client()).request(command, identified, timeoutMs, onInterim);
      } catch (error) {
        const pauseMs = retryAfterMs(error);
        if (pauseMs === undefined || left === 0) throw error;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  /** A home that cannot be written to may have no client id yet: whoever only looks then looks as nobody in particular. */
  #identity(command: CommandName): { client_id?: string } {
    try {
      return { client_id: this.clientId };
    } catch (error) {
      if (error instanceof LocalStateReadOnly && LOOKING.test(command)) return {};
      throw error;
    }
  }

  /** A backend that fell silent may be back, or be started again: the next question connects anew. */
  async reconnect(): Promise<void> {
    await this.close();
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_PAUSE_MS));
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    client?.close();
    this.#client = undefined;
  }

  /**
   * The session meant: what was given, else STUI_SESSION, else the current one.
   * @throws CliError `no-session` when none of them says
   */
  sessionReference(given: string | undefined): string {
    if (given === '') throw new UsageError('The session reference is empty');
    const reference =
      given ?? (this.options.env['STUI_SESSION'] || this.local.currentSessions.get(this.connection)?.id);
    if (reference) return reference;
    // A connection that does not exist has no current session either, and is the better news.
    void this.endpoint;
    throw new CliError('no-session', 'No session is given, and there is no current one', {
      exit: 'notFound',
      hint: 'Give one with --session or STUI_SESSION, pick one with "stui session use", or "stui session create" one.',
    });
  }

  /** Makes a session the current one of the connection. */
  async makeCurrent({ id, name }: SessionSummary): Promise<void> {
    await this.local.currentSessions.set({ connection: this.connection, id, name });
  }

  async remember(session: SessionSummary): Promise<void> {
    await this.local.sessionCache.rememberSession(this.connection, { ...session });
  }

  /** Forgets a session that is gone. */
  async forget(id: string): Promise<void> {
    await this.local.sessionCache.forgetSession(this.connection, id);
    if (this.local.currentSessions.get(this.connection)?.id === id) {
      await this.local.currentSessions.clear(this.connection);
    }
  }

  /** Says something besides the result that the person should know. */
  warn(message: string): void {
    this.options.warn(message);
  }

  /** Uses a client that the caller keeps, instead of making one. */
  use(client: BackendClient): void {
    this.#client = Promise.resolve(client);
  }

  async client(): Promise<BackendClient> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  /** How links of this workplace behave: the built-in timing with what was configured. */
  timing(base: LinkTiming): LinkTiming {
    const { preferences } = this.local;
    const budget = preferences.get('reconnectBudget');
    return {
      ...base,
      backoffFloorMs: preferences.get('reconnectFloor'),
      backoffCapMs: preferences.get('reconnectCap'),
      outageBudgetMs: Number.isFinite(base.outageBudgetMs) ? budget : base.outageBudgetMs,
    };
  }

  async #connect(): Promise<BackendClient> {
    const timing = this.timing(ONE_SHOT_TIMING);
    if (!this.isPrivate) return BackendClient.open(this.endpoint, { timing });
    const memory = this.local.preferences.get('engineMemoryMb');
    return reachPrivateBackend(privateLaunch(this.paths, memory), this.options.autostart, timing);
  }
}

/** @returns whether the backend could not be asked at all, so that what is remembered may stand in */
export function isUnreachable(error: unknown): boolean {
  return error instanceof Unreachable;
}

/** @returns the pause after which a backend takes what it refused for its rate, in ms; undefined for other errors */
function retryAfterMs(error: unknown): number | undefined {
  if (!(error instanceof ProtocolError) || error.type !== 'RateLimited') return undefined;
  const pauseMs = error.details?.['retryAfterMs'];
  return typeof pauseMs === 'number' ? pauseMs : undefined;
}
