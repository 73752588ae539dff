/** All sessions of a backend: opened from the journal, found by id or name, expired when their time has come. */
import { randomUUID } from 'node:crypto';
import { DamagedJournal, JournalFull } from '../journal/journal.js';
import { ProtocolError } from '../protocol/errors.js';
import type { Archive } from '../session/archive.js';
import type { CreatedEntry, StoredEntry } from '../session/entry.js';
import { nameProblem, resolveSession } from '../session/name.js';
import { fold, type SessionState } from '../session/state.js';
import { type HostContext, SessionHost } from './session-host.js';
import * as settings from './settings.js';
import { REAL_TIMER, type Timer } from './timer.js';

export interface NewSession {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly ttlMs?: number | undefined;
  readonly client: string;
}

export type ImportOutcome = 'created' | 'advanced' | 'unchanged';

/** Session of evaluations that name none: what a foreign client of a plain image expects. */
const DEFAULT_SESSION = 'default';

export class SessionRegistry {
  readonly #hosts = new Map<string, SessionHost>();
  readonly #damaged = new Map<string, DamagedJournal>();
  /** Names of sessions that are being created, so that two creations at once cannot both win. */
  readonly #reserved = new Set<string>();
  readonly #creating = new Map<string, Promise<SessionHost>>();
  readonly #unsubscribe: () => void;
  #cancelExpiry: (() => void) | undefined;

  private readonly context: HostContext;

  constructor(context: Omit<HostContext, 'makeRoom' | 'after'> & { readonly after?: Timer }) {
    this.context = { after: REAL_TIMER, ...context, makeRoom: () => this.#makeRoom() };
    this.#unsubscribe = context.journal.onCommit((id, entries) => this.#hosts.get(id)?.apply(entries));
    for (const { id } of context.journal.sessions()) this.#open(id);
  }

  /** Settles what the last backend left open, then watches for expiry. */
  async start(): Promise<void> {
    // All at once: nothing that is asked for meanwhile, not even to stop, may come between.
    await Promise.all(this.all().map((host) => host.recover()));
    this.#watchExpiry();
  }

  all(): SessionHost[] {
    return [...this.#hosts.values()];
  }

  /** @returns how many sessions are evaluating */
  busy(): number {
    let count = 0;
    for (const host of this.#hosts.values()) if (host.engineState === 'busy') count += 1;
    return count;
  }

  /** @throws {ProtocolError} SessionNotFound, AmbiguousSession, DamagedData */
  find(reference: string): SessionHost {
    const damaged = this.#damaged.get(reference);
    if (damaged) throw damaged;
    const resolution = resolveSession(
      reference,
      this.all().map(({ state }) => state),
    );
    if (resolution === 'none')
      throw new ProtocolError('SessionNotFound', `No session has the id or name "${reference}"`);
    if ('ambiguous' in resolution) {
      const ids = resolution.ambiguous.map(({ id }) => id);
      throw new ProtocolError(
        'AmbiguousSession',
        `"${reference}" stands for ${ids.length} sessions: ${ids.join(', ')}`,
        { sessions: ids },
      );
    }
    return this.#host(resolution.found.id);
  }

  async create(request: NewSession): Promise<SessionHost> {
    const id = request.id ?? randomUUID();
    // The id was chosen by the client, so this is its retry of a creation whose answer got lost, or is under way.
    const existing = this.#hosts.get(id) ?? this.#creating.get(id);
    if (existing) return existing;
    const creation = this.#create(id, request);
    this.#creating.set(id, creation);
    try {
      return await creation;
    } finally {
      this.#creating.delete(id);
    }
  }

  async #create(id: string, request: NewSession): Promise<SessionHost> {
    const name = request.name ?? this.#freeName();
    const problem = nameProblem(name);
    if (problem) throw new ProtocolError('InvalidParameters', `create_session: "name": ${problem}`);
    this.requireFreeName(name);
    const owned = this.all().filter(({ state }) => state.owner === request.client && !state.closed).length;
    if (owned >= settings.MAX_SESSIONS_PER_CLIENT) {
      throw new ProtocolError(
        'LimitExceeded',
        `A client owns at most ${settings.MAX_SESSIONS_PER_CLIENT} open sessions`,
      );
    }
    const body: CreatedEntry = {
      type: 'created',
      id,
      name,
      engine: this.context.engines.name,
      labels: request.labels,
      ...(request.ttlMs === undefined ? {} : { ttlMs: request.ttlMs }),
    };
    this.#reserved.add(name);
    try {
      const draft = { client: request.client, time: this.context.now().toISOString(), body };
      const stored = await this.context.journal.append(id, [draft], { expectedRevision: 0 });
      return this.#adoptHost(fold(stored.map(({ entry }) => entry)));
    } catch (error) {
      if (error instanceof JournalFull) {
        throw new ProtocolError('StorageFull', 'The disk of the backend is full. No session was created.');
      }
      throw error;
    } finally {
      this.#reserved.delete(name);
    }
  }

  /** The session of evaluations that name none; created when first needed. */
  async defaultSession(client: string): Promise<SessionHost> {
    const open = () => this.all().find(({ state }) => state.name === DEFAULT_SESSION && !state.closed);
    return (
      open() ??
      (await this.create({ name: DEFAULT_SESSION, labels: {}, client }).catch(() => open())) ??
      this.find(DEFAULT_SESSION)
    );
  }

  /** @throws {ProtocolError} NameTaken, unless the holder is `self` */
  requireFreeName(name: string, self?: string): void {
    const holder = this.all().find(({ state }) => state.name === name && !state.closed && state.id !== self);
    if (!holder && !this.#reserved.has(name)) return;
    throw new ProtocolError('NameTaken', `An open session is called "${name}" already`, {
      ...(holder ? { session: holder.state.id } : {}),
    });
  }

  /**
   * Files an archive whose content is verified already. The same history again changes nothing; a longer one advances
   * the session; a different one is refused.
   * @throws {ProtocolError} Diverged, StorageFull
   */
  async import(archive: Archive): Promise<{ host: SessionHost; outcome: ImportOutcome }> {
    const { id } = archive.state;
    const { journal } = this.context;
    const present = journal.session(id);
    const shared = Math.min(present?.revision ?? 0, archive.state.revision);
    if (present && shared > 0) {
      const [ours] = journal.read(id, { after: shared - 1, upTo: shared });
      if (ours?.hash !== archive.entries[shared - 1]?.hash) throw diverged(archive, present.revision);
      if (archive.state.revision <= present.revision) return { host: this.#host(id), outcome: 'unchanged' };
    }
    const replaced = this.#hosts.get(id);
    await replaced?.abandon();
    const news = archive.entries.slice(shared);
    try {
      await journal.adopt(id, news, archive.blobs);
    } catch (error) {
      // The abandoned host takes no more work; what it knew is in the journal.
      if (replaced) this.#adoptHost(replaced.state);
      if (error instanceof JournalFull) {
        throw new ProtocolError('StorageFull', 'The disk of the backend is full. Nothing was imported.');
      }
      throw error;
    }
    this.#hosts.delete(id);
    const host = this.#adoptHost(this.#readState(id));
    await host.disownPending();
    return { host, outcome: present ? 'advanced' : 'created' };
  }

  async remove(host: SessionHost): Promise<void> {
    await host.abandon();
    await this.context.journal.remove(host.state.id);
    this.#hosts.delete(host.state.id);
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#cancelExpiry?.();
    await Promise.all(this.all().map((host) => host.stop(deadlineMs)));
    this.#unsubscribe();
  }

  /** Stops the engine that was idle longest, when there are many and it can be done without loss. */
  async #makeRoom(): Promise<void> {
    const live = this.all().filter((host) => host.engineState !== 'none');
    if (live.length < settings.MAX_LIVE_ENGINES) return;
    const idle = live
      .map((host) => ({ host, since: host.hibernatableSince() }))
      .filter((candidate): candidate is { host: SessionHost; since: number } => candidate.since !== undefined)
      .sort((a, b) => a.since - b.since);
    await idle[0]?.host.hibernate();
  }

  #host(id: string): SessionHost {
    const host = this.#hosts.get(id);
    if (!host) throw new ProtocolError('SessionNotFound', `No session has the id "${id}"`);
    return host;
  }

  #open(id: string): void {
    try {
      this.#adoptHost(this.#readState(id));
    } catch (error) {
      if (!(error instanceof DamagedJournal)) throw error;
      // One damaged session must not keep the others from being served.
      this.#damaged.set(id, error);
      this.context.log(`${id}: ${error.message}`);
    }
  }

  #readState(id: string): SessionState {
    const { journal } = this.context;
    const checkpoint = journal.checkpoint(id);
    const start = checkpoint ? (JSON.parse(checkpoint.state) as SessionState) : undefined;
    const entries = journal.read(id, { after: checkpoint?.revision ?? 0 });
    return fold(
      entries.map(({ entry }: StoredEntry) => entry),
      start,
    );
  }

  #adoptHost(state: SessionState): SessionHost {
    const host = new SessionHost(this.context, state);
    this.#hosts.set(state.id, host);
    if (this.#cancelExpiry) this.#watchExpiry();
    return host;
  }

  /** `session-1`, `session-2` …: the first that no session ever had here. */
  #freeName(): string {
    const taken = new Set([...this.all().map(({ state }) => state.name), ...this.#reserved]);
    for (let number = 1; ; number++) if (!taken.has(`session-${number}`)) return `session-${number}`;
  }

  #watchExpiry(): void {
    this.#cancelExpiry?.();
    const now = this.context.now().getTime();
    const due = this.all().map((host) => (host.expiresAt()?.getTime() ?? Number.POSITIVE_INFINITY) - now);
    const wait = Math.max(0, Math.min(settings.EXPIRY_CHECK_MS, ...due));
    this.#cancelExpiry = this.context.after(wait, () => void this.#expire());
  }

  async #expire(): Promise<void> {
    const now = this.context.now().getTime();
    for (const host of this.all()) {
      const at = host.expiresAt();
      if (!at || at.getTime() > now) continue;
      await host
        .close('expired', 'backend')
        .catch((error: Error) => this.context.log(`${host.state.id}: ${error.message}`));
    }
    this.#watchExpiry();
  }
}

function diverged(archive: Archive, present: number): ProtocolError {
  return new ProtocolError(
    'Diverged',
    `The session ${archive.state.name} (${archive.state.id}) is here with another history: revision ${present} here, ` +
      `${archive.state.revision} in the archive, and they differ`,
  );
}
