/**
 * A session as a TUI or an editor works with it: what is in its workspace now, what happens in it as it happens, and
 * changes that never overwrite what somebody else did meanwhile.
 */
import { randomUUID } from 'node:crypto';
import type { Result } from '../protocol/command.js';
import type { Binding, Conflict, EvaluationResult, SessionSummary } from '../protocol/documents.js';
import { MAX_TIMEOUT_MS } from '../protocol/limits.js';
import type { resolveConflict } from '../protocol/workspace-commands.js';
import { unhashedLine } from '../session/archive.js';
import type { Entry, Resolution } from '../session/entry.js';
import { requireExact } from '../session/exact-json.js';
import { applyMergePatch } from '../session/merge-patch.js';
import type { BackendClient } from './backend-client.js';
import { REAL_RUNTIME } from './link.js';
import { Presence } from './presence.js';

/** How long one request waits for new entries, in ms; then it is asked again. */
const FOLLOW_WAIT_MS = 20_000;

const PAGE = 500;

export type Context = Readonly<Record<string, unknown>>;

export interface SessionOptions {
  /** Id, name, or a unique beginning of the id. */
  readonly session: string;
  /** Who works here: stays the same over restarts of the program, and is nobody else's. */
  readonly clientId: string;
}

export interface EvaluateOptions {
  /** Idempotency key: with the same one an evaluation runs once, however often it is asked for. */
  readonly key?: string;
  /** Interrupt after this long, in ms. Default 30,000. */
  readonly timeoutMs?: number;
  /** What the journal keeps in place of code that holds secrets; see `redactSecrets`. */
  readonly recordAs?: string;
}

export class Session {
  #context: Context;
  #seen: number;
  #presence: Presence;
  #forget: () => void;

  private constructor(
    private readonly client: BackendClient,
    private readonly clientId: string,
    /** Session id. */
    readonly id: string,
    { context, revision }: { context: Context; revision: number },
  ) {
    this.#context = context;
    this.#seen = revision;
    const present = { clientId, ask: client.request.bind(client) as BackendClient['request'] };
    this.#presence = new Presence({ client: present, sessions: [id], after: REAL_RUNTIME.after });
    this.#forget = client.onOutage({
      began: () => this.#presence.linkLost(),
      ended: (outageMs) => this.#presence.linkBack(outageMs),
    });
    this.#presence.arrive();
  }

  /**
   * Begins to work in a session; others see that this client stays with it.
   * @throws {ProtocolError} SessionNotFound, AmbiguousSession, DamagedData @throws {Unreachable}
   */
  static async open(client: BackendClient, { session, clientId }: SessionOptions): Promise<Session> {
    const found = await client.request('get_context', { session_id: session, client_id: clientId });
    return new Session(client, clientId, found.session, found);
  }

  /** The workspace context as this client last saw it: buffer, layout, preferences, and what else clients keep there. */
  get context(): Context {
    return this.#context;
  }

  /** Revision at which the context was seen: changes are made from there. */
  get revision(): number {
    return this.#seen;
  }

  /** Evaluates once for a key, in order with all others. @throws {ProtocolError} {@link Unreachable} */
  async evaluate(code: string, options: EvaluateOptions = {}): Promise<EvaluationResult> {
    const { key = randomUUID(), timeoutMs, recordAs } = options;
    const parameters = { ...this.#identity, code, key, timeout_ms: timeoutMs, record_as: recordAs };
    const { evaluation } = await this.client.request('evaluate', parameters, MAX_TIMEOUT_MS);
    return evaluation;
  }

  /**
   * Changes the context by a merge patch (RFC 7396), made from the context that this client saw. Durable when it
   * resolves. What others changed since is merged, and is in {@link context} afterwards.
   * @param base revision of the context that the patch was made from, where entries may have come in since
   * @returns what could not be merged: there the session keeps what it had, until somebody decides
   * @throws {ProtocolError} InvalidParameters for a layout that is none, SessionClosed, LimitExceeded, StorageFull
   * @throws {InexactJson} for what JSON would change or leave out without a word: NaN, which would remove, a function
   */
  async change(patch: Context, base: number = this.#seen): Promise<readonly Conflict[]> {
    requireExact(patch);
    const answer = await this.client.request('update_session_state', {
      ...this.#identity,
      state_data: patch,
      base_revision: base,
      key: randomUUID(),
    });
    this.#saw(answer.session_state, answer.revision);
    return answer.conflicts;
  }

  /** The conflicts that wait for a decision. */
  async conflicts(): Promise<readonly Conflict[]> {
    return (await this.client.request('list_conflicts', this.#identity)).conflicts;
  }

  /** Decides a conflict. @param value with the choice `value`; null removes @throws {InexactJson} as {@link change} does */
  async resolve(conflict: string, choice: Resolution, value?: unknown): Promise<Result<typeof resolveConflict>> {
    requireExact(value);
    const answer = await this.client.request('resolve_conflict', { ...this.#identity, conflict, choice, value });
    this.#saw(answer.context, answer.session.revision);
    return answer;
  }

  /** The bindings, each with how it would come back. Starts an engine where none runs. */
  async bindings(): Promise<readonly Binding[]> {
    return (await this.client.request('list_bindings', { ...this.#identity, start: true }, MAX_TIMEOUT_MS)).bindings;
  }

  async summary(): Promise<SessionSummary> {
    return (await this.client.request('get_session_info', this.#identity)).session;
  }

  /**
   * What happens in the session, whoever does it, entry by entry as it becomes durable; {@link context} follows.
   * Goes on over outages and restarts of the backend, as long as its link does, until the iteration is left.
   * @param after only entries above this revision; the ones still to come when not given
   */
  async *follow(after: number = this.#seen): AsyncGenerator<Entry> {
    for (let last = after; ; ) {
      const request = { ...this.#identity, after: last, limit: PAGE, wait_ms: FOLLOW_WAIT_MS };
      const { lines } = await this.client.request('read_journal', request, 2 * FOLLOW_WAIT_MS);
      for (const text of lines) {
        const entry = JSON.parse(unhashedLine(text).line) as Entry;
        last = entry.seq;
        this.#happened(entry);
        yield entry;
      }
    }
  }

  /** Leaves the session; the client stays connected. */
  async close(): Promise<void> {
    this.#forget();
    await this.#presence.leave();
  }

  get #identity() {
    return { session_id: this.id, client_id: this.clientId };
  }

  #happened(entry: Entry): void {
    // Behind a gap nothing is known of what the context was changed to in between: changes go on from what was seen.
    if (entry.seq !== this.#seen + 1) return;
    const isChange = entry.type === 'context' || entry.type === 'resolved';
    this.#saw(isChange ? (applyMergePatch(this.#context, entry.patch) as Context) : this.#context, entry.seq);
  }

  /** Answers and entries cross on their way: the newest counts. */
  #saw(context: Context, revision: number): void {
    if (revision < this.#seen) return;
    this.#context = context;
    this.#seen = revision;
  }
}
