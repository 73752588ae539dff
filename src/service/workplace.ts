/** Where a command works: this machine's state, the connection in use, the backend behind it, the session meant. */
import { CliError, UsageError } from '../cli/errors.js';
import { BackendClient } from '../client/backend-client.js';
import { Unreachable } from '../client/errors.js';
import { type LinkTiming, ONE_SHOT_TIMING } from '../client/timing.js';
import { clientId } from '../local/client-id.js';
import { LOCAL_CONNECTION } from '../local/connection-name.js';
import { LocalStateReadOnly } from '../local/errors.js';
import { type Destination, Outbox } from '../local/outbox.js';
import { type StuiPaths, stuiPaths } from '../local/paths.js';
import { type LocalState, openLocalState } from '../local/state.js';
import type { Place } from '../local/terminal.js';
import type { Parameters, Result } from '../protocol/command.js';
import type { COMMANDS, CommandName } from '../protocol/commands.js';
import type { SessionSummary } from '../protocol/documents.js';
import type { InterimReply } from '../protocol/envelope.js';
import { ProtocolError } from '../protocol/errors.js';
import { isReferenceTo } from '../session/name.js';
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
  /** Where the command was typed; found out when not given. */
  readonly place?: () => Place;
}

export class Workplace {
  readonly paths: StuiPaths;
  readonly local: LocalState;
  readonly outbox: Outbox;
  #client: Promise<BackendClient> | undefined;
  #connection: string | undefined;
  #settled: Promise<void> = Promise.resolve();

  constructor(private readonly options: WorkplaceOptions) {
    this.paths = stuiPaths(options.env);
    this.outbox = new Outbox(this.paths, { warn: (warning) => options.warn(String(warning.message)) });
    const { place } = options;
    this.local = openLocalState(this.paths, {
      warn: (warning) => options.warn(String(warning.message)),
      ...(place === undefined ? {} : { place }),
    });
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

  /** Where orders of this workplace go. @throws UnknownConnection */
  get destination(): Destination {
    // The socket of the private backend is wherever this home and this login have it; the backend is the same.
    return { connection: this.connection, endpoint: this.isPrivate ? null : this.endpoint };
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
    await this.#settled;
  }

  /**
   * The session meant: what was given, else STUI_SESSION, else the current one.
   * @throws CliError `no-session` when none of them says
   */
  sessionReference(given: string | undefined): string {
    if (given === '') throw new UsageError('The session reference is empty');
    const reference = given ?? (this.options.env['STUI_SESSION'] || this.#currentId());
    if (reference) return reference;
    // A connection that does not exist has no current session either, and is the better news.
    void this.endpoint;
    throw new CliError('no-session', 'No session is given, and there is no current one', {
      exit: 'notFound',
      hint: this.#isCi
        ? 'Where CI is set, new sessions do not become the current one: say --session, STUI_SESSION, or eval --create NAME.'
        : 'Give one with --session or STUI_SESSION, pick one with "stui session use", or "stui session create" one.',
    });
  }

  /** Says so when it is not what the caller had chosen: commands that run side by side come into each other's way. */
  #currentId(): string | undefined {
    const { currentSessions } = this.local;
    const current = currentSessions.get(this.connection);
    if (current === undefined) return undefined;
    const chosen = currentSessions.overtaken(this.connection);
    if (chosen !== undefined) {
      this.warn(
        `the current session is ${current.name} now, which another command chose after ${chosen.name} was chosen here; ` +
          'where commands run side by side, name the session: --session, STUI_SESSION, or eval --create NAME',
      );
    }
    // Whoever may only read here works all the same.
    if (!this.#isCi) this.#settled = currentSessions.settle(this.connection).catch(() => {});
    return current.id;
  }

  /** Jobs of a CI machine run side by side in one home, and none of them is a person who goes on with what another made. */
  get #isCi(): boolean {
    return Boolean(this.options.env['CI']);
  }

  /**
   * Makes a session the current one of the connection, in this terminal.
   * @param why `made`: it came with what was asked for, so that it is left alone where CI is set
   * @returns whether commands that are given none work in it from now on
   */
  async makeCurrent(session: Pick<SessionSummary, 'id' | 'name'>, why: 'asked' | 'made' = 'made'): Promise<boolean> {
    const { id, name } = session;
    const override = this.options.env['STUI_SESSION'];
    const isMeant = override ? isReferenceTo(override, session) : undefined;
    if (why === 'made' && this.#isCi) return isMeant === true;
    await this.local.currentSessions.set({ connection: this.connection, id, name });
    if (isMeant !== false) return true;
    this.warn(`STUI_SESSION is set to ${override}, which goes before the current session: unset it to work in ${name}`);
    return false;
  }

  async remember(session: SessionSummary): Promise<void> {
    await this.local.sessionCache.rememberSession(this.connection, { ...session });
  }

  /** Forgets a session that is gone. */
  async forget(id: string): Promise<void> {
    await this.local.sessionCache.forgetSession(this.connection, id);
    await this.local.currentSessions.forget(this.connection, id);
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
