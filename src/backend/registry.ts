/** All sessions of a backend: opened from the journal, found by id or name, expired when their time has come. */
import { createHash, randomUUID } from 'node:crypto';
import type { EngineFactory } from '../engine/contract.js';
import { DamagedJournal, JournalFull } from '../journal/journal.js';
import { ProtocolError } from '../protocol/errors.js';
import type { Archive } from '../session/archive.js';
import type { CreatedEntry, EngineAbsence, OutputEntry, StoredEntry } from '../session/entry.js';
import { forkEntries } from '../session/fork.js';
import { isEqual } from '../session/json.js';
import { MAX_NAME_LENGTH, nameProblem, resolveSession } from '../session/name.js';
import { fold, type OpenConflict, type PendingInput, type SessionState } from '../session/state.js';
import { EngineRoom } from './engine-room.js';
import { unknownOutput } from './entry-bodies.js';
import { Lane } from './lane.js';
import { checkpointState, type Point, revisionOf, withSnapshotsBehind } from './point-in-time.js';
import { RateLimiter } from './rate-limiter.js';
import { type HostContext, SessionHost } from './session-host.js';
import * as settings from './settings.js';
import { REAL_TIMER, type Timer } from './timer.js';
import { type Grants, isVisible, MemoryGrants } from './visibility.js';
import { ANONYMOUS } from './workings.js';

export interface NewSession {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly ttlMs?: number | undefined;
  readonly client: string;
}

export type ImportOutcome = 'created' | 'advanced' | 'unchanged' | 'forked';

export interface Imported {
  readonly host: SessionHost;
  readonly outcome: ImportOutcome;
  /** What a forked archive's context could not be merged with, in the session that was here. */
  readonly conflicts: readonly OpenConflict[];
}

export interface ForkRequest extends Point {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly client: string;
  readonly ifRevision?: number | undefined;
}

export interface PruneRequest {
  readonly client: string | undefined;
  readonly orphaned: boolean;
  readonly expired: boolean;
  readonly olderThanMs: number | undefined;
}

/** A name that some session will have. */
interface Reservation {
  readonly client: string;
  /** Whether the session is not there yet. */
  readonly forNew: boolean;
}

/** A session that cannot be opened, with what is known of it. */
interface Damaged {
  readonly error: DamagedJournal;
  /** As of its last good revision; undefined when not even its first entry can be read. */
  readonly state: SessionState | undefined;
}

type RegistryContext = Omit<HostContext, 'after' | 'admit' | 'monotonicMs'> & {
  readonly after?: Timer;
  readonly monotonicMs?: () => number;
  readonly grants?: Grants;
  readonly limits?: settings.Limits;
};

/** Session of evaluations that name none: what a foreign client of a plain image expects. */
const DEFAULT_SESSION = 'default';

export class SessionRegistry {
  readonly #hosts = new Map<string, SessionHost>();
  readonly #damaged = new Map<string, Damaged>();
  /** Names that sessions are about to get, so that two who ask at once cannot both win. */
  readonly #reserved = new Map<string, Reservation>();
  readonly #creating = new Map<string, Promise<SessionHost>>();
  /** By the id of the session. */
  readonly #imports = new Map<string, Lane>();
  readonly #unsubscribe: () => void;
  #cancelExpiry: (() => void) | undefined;

  private readonly context: HostContext;
  readonly grants: Grants;
  readonly limits: settings.Limits;
  readonly #rates: RateLimiter;
  readonly #usage = new Map<string, { readonly bytes: number; readonly at: number }>();

  constructor({ grants = new MemoryGrants(), limits = settings.DEFAULT_LIMITS, ...context }: RegistryContext) {
    this.context = {
      after: REAL_TIMER,
      monotonicMs: () => performance.now(),
      ...context,
      engines: new EngineRoom(context.engines, () => this.all(), context.log),
      admit: (client, what) => this.#admit(client, what),
    };
    this.grants = grants;
    this.limits = limits;
    this.#rates = new RateLimiter(limits.maxEvaluationsPerSecond, this.context.monotonicMs);
    this.#unsubscribe = context.journal.onCommit((id, entries) => this.#hosts.get(id)?.apply(entries));
    for (const { id } of context.journal.sessions()) this.#open(id);
  }

  /** Where engines come from, also those that serve no session; they make room for each other. */
  get engines(): EngineFactory {
    return this.context.engines;
  }

  /**
   * Settles what the last backend left open, then watches for expiry.
   * @param crashed the last backend did not stop in order: those who worked with it are about to go on
   */
  async start({ crashed = false }: { readonly crashed?: boolean } = {}): Promise<void> {
    if (crashed) this.engines.warm(this.#recentlyAtWork());
    // All at once: nothing that is asked for meanwhile, not even to stop, may come between.
    await Promise.all(this.all().map((host) => host.recover()));
    this.#watchExpiry();
  }

  /** @returns how many sessions worked in the last minutes before the end, at most as many as get an engine ahead */
  #recentlyAtWork(): number {
    const worked = this.all()
      .filter(({ state }) => !state.closed)
      .map(({ state }) => Date.parse(state.activeAt));
    const last = Math.max(...worked);
    const recent = worked.filter((time) => last - time <= settings.AT_WORK_MS);
    return Math.min(recent.length, settings.MAX_ENGINES_AHEAD);
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

  /** The sessions that a client sees; all for a request that names none. */
  visible(client: string | undefined): SessionHost[] {
    return this.all().filter(({ state }) => isVisible(state, client, this.grants));
  }

  /** Whether a client sees a session, also a damaged one; one of which nothing can be read is everybody's. */
  sees(id: string, client: string | undefined): boolean {
    const state = this.#hosts.get(id)?.state ?? this.#damaged.get(id)?.state;
    return state === undefined || isVisible(state, client, this.grants);
  }

  get damaged(): readonly string[] {
    return [...this.#damaged.keys()];
  }

  /**
   * @param client who asks; sessions that it does not see are not there for it
   * @throws {ProtocolError} SessionNotFound, AmbiguousSession @throws {DamagedJournal}
   */
  find(reference: string, client?: string): SessionHost {
    const damaged = this.#damagedOf(reference, client);
    if (damaged?.id === reference) throw damaged.error;
    const resolution = resolveSession(
      reference,
      this.visible(client).map(({ state }) => state),
    );
    if (resolution === 'none') {
      if (damaged) throw damaged.error;
      throw new ProtocolError('SessionNotFound', `No session has the id or name "${reference}"`);
    }
    if ('ambiguous' in resolution) {
      const [own, ...more] = resolution.ambiguous.filter(({ owner }) => owner === client);
      // Others may share sessions called like one's own.
      if (own && more.length === 0) return this.#found(own.id, client);
      const ids = resolution.ambiguous.map(({ id }) => id);
      throw new ProtocolError(
        'AmbiguousSession',
        `"${reference}" stands for ${ids.length} sessions: ${ids.join(', ')}`,
        { sessions: ids },
      );
    }
    return this.#found(resolution.found.id, client);
  }

  #found(id: string, client: string | undefined): SessionHost {
    const host = this.#host(id);
    if (client !== undefined) host.attendance.heard();
    return host;
  }

  /** A damaged session is known by its id and, as far as it can be read, by its name. */
  #damagedOf(reference: string, client: string | undefined): ({ id: string } & Damaged) | undefined {
    for (const [id, damaged] of this.#damaged) {
      const { state } = damaged;
      if (state && !isVisible(state, client, this.grants)) continue;
      if (id === reference || state?.name === reference) return { id, ...damaged };
    }
    return undefined;
  }

  async create(request: NewSession): Promise<SessionHost> {
    const id = request.id ?? randomUUID();
    const host = await this.#once(id, () => this.#create(id, request));
    this.#requireCreatedBy(host.state, request);
    return host;
  }

  /** An id that comes again is a retry only where the same was asked for: else its session is somebody's, or another one. */
  #requireCreatedBy({ id, owner }: SessionState, { name, labels, ttlMs, client }: NewSession): void {
    const [first] = this.context.journal.read(id, { upTo: 1 });
    const entry = first?.entry.type === 'created' ? first.entry : undefined;
    const isSame =
      owner === client &&
      (name === undefined || name === entry?.name) &&
      ttlMs === entry?.ttlMs &&
      isEqual(labels, entry?.labels);
    if (!isSame) throw idTaken(id);
  }

  /** An id that was chosen by the client comes again with its retry of what was answered in vain, or is under way. */
  async #once(id: string, make: () => Promise<SessionHost>): Promise<SessionHost> {
    const existing = this.#hosts.get(id) ?? this.#creating.get(id);
    if (existing) return existing;
    const creation = make();
    this.#creating.set(id, creation);
    try {
      return await creation;
    } finally {
      this.#creating.delete(id);
    }
  }

  /** @param neighbours the sessions that the name must differ from */
  async #create(id: string, request: NewSession, neighbours = this.visible(request.client)): Promise<SessionHost> {
    const name = request.name ?? this.#freeName('session', request.client);
    const problem = nameProblem(name);
    if (problem) throw new ProtocolError('InvalidParameters', `create_session: "name": ${problem}`);
    this.#requireFreeAmong(neighbours, name, request.client);
    this.#requireRoom(request.client);
    const body: CreatedEntry = {
      type: 'created',
      id,
      name,
      engine: this.context.engines.name,
      labels: request.labels,
      ...(request.ttlMs === undefined ? {} : { ttlMs: request.ttlMs }),
    };
    return this.#reserving(name, { client: request.client, forNew: true }, async () => {
      try {
        const draft = { client: request.client, time: this.context.now().toISOString(), body };
        const stored = await this.context.journal.append(id, [draft], { expectedRevision: 0 });
        return this.#adoptHost(fold(stored.map(({ entry }) => entry)));
      } catch (error) {
        if (error instanceof JournalFull) {
          throw new ProtocolError('StorageFull', 'The disk of the backend is full. No session was created.');
        }
        throw error;
      }
    });
  }

  /** Keeps a name, which was found free in this turn, from others until a session has it, or will not. */
  async #reserving<T>(name: string, { client, forNew }: Reservation, task: () => Promise<T>): Promise<T> {
    const reservation = reservationOf(name, client);
    this.#reserved.set(reservation, { client, forNew });
    try {
      return await task();
    } finally {
      this.#reserved.delete(reservation);
    }
  }

  /** @param client who asks; nobody in particular for a request that names none @throws {ProtocolError} NameTaken, RevisionConflict, StorageFull */
  async rename(
    host: SessionHost,
    name: string,
    { client, ifRevision }: { client: string | undefined; ifRevision: number | undefined },
  ): Promise<void> {
    const { state } = host;
    const among = client ?? state.owner;
    const write = async () => {
      if (name !== host.state.name) await host.rename(name, client ?? ANONYMOUS, ifRevision);
    };
    if (state.closed) return write();
    this.requireFreeName(name, among, state.id);
    return this.#reserving(name, { client: among, forNew: false }, write);
  }

  #requireRoom(client: string): void {
    const { maxSessions } = this.limits;
    const owned = this.all().filter(({ state }) => state.owner === client && !state.closed).length;
    // Those that are being made are not among them yet.
    const coming = [...this.#reserved.values()].filter((each) => each.forNew && each.client === client).length;
    if (owned + coming < maxSessions) return;
    throw new ProtocolError('LimitExceeded', `A client owns at most ${maxSessions} open sessions`, {
      limit: 'sessions',
      most: maxSessions,
    });
  }

  #admit(client: string, what: 'evaluation' | 'change'): void {
    const { maxBytes } = this.limits;
    const bytes = this.#bytesOf(client);
    if (bytes >= maxBytes) {
      throw new ProtocolError(
        'LimitExceeded',
        `The sessions of this client take ${bytes} bytes; at most ${maxBytes} are kept`,
        { limit: 'bytes', most: maxBytes, bytes },
      );
    }
    if (what === 'evaluation') this.#rates.take(client);
  }

  #bytesOf(client: string): number {
    const now = this.context.monotonicMs();
    const known = this.#usage.get(client);
    if (known && now - known.at < settings.USAGE_CHECK_MS) return known.bytes;
    const bytes = this.all().reduce((sum, host) => sum + (host.state.owner === client ? host.bytes : 0), 0);
    this.#usage.set(client, { bytes, at: now });
    return bytes;
  }

  /** The session of evaluations that name none, of each client its own; created when first needed. */
  async defaultSession(client: string): Promise<SessionHost> {
    const open = () =>
      this.all().find(({ state }) => state.owner === client && state.name === DEFAULT_SESSION && !state.closed);
    const request = { name: DEFAULT_SESSION, labels: {}, client };
    // Another client's, shared with this one, may have the name as well: it is not meant.
    const own = () => this.all().filter(({ state }) => state.owner === client);
    return open() ?? this.#once(`default of ${client}`, () => this.#create(randomUUID(), request, own()));
  }

  /**
   * A name is unique among the open sessions that a client sees.
   * @throws {ProtocolError} NameTaken, unless the holder is `self`
   */
  requireFreeName(name: string, client: string, self?: string): void {
    this.#requireFreeAmong(
      this.visible(client).filter(({ state }) => state.id !== self),
      name,
      client,
    );
  }

  #requireFreeAmong(neighbours: readonly SessionHost[], name: string, client: string): void {
    const holder = neighbours.find(({ state }) => state.name === name && !state.closed);
    if (!holder && !this.#reserved.has(reservationOf(name, client))) return;
    throw new ProtocolError('NameTaken', `An open session is called "${name}" already`, {
      ...(holder ? { session: holder.state.id } : {}),
    });
  }

  /**
   * Files an archive whose content is verified already. The same history again changes nothing; a longer one advances
   * the session; a different one is refused or, with `fork`, becomes a session of its own, and what it made of the
   * context is merged into the one that is here.
   * @throws {ProtocolError} Diverged, StorageFull, LimitExceeded
   */
  async import(archive: Archive, request: { client: string; fork: boolean }): Promise<Imported> {
    const { id } = archive.state;
    // One after another for a session: each looks at what is here, and puts something else in its place.
    const lane = this.#imports.get(id) ?? new Lane();
    this.#imports.set(id, lane);
    try {
      return await lane.run(() => this.#import(archive, request));
    } finally {
      if (lane.length === 0) this.#imports.delete(id);
    }
  }

  async #import(archive: Archive, { client, fork }: { client: string; fork: boolean }): Promise<Imported> {
    const { id } = archive.state;
    const { journal } = this.context;
    this.#admit(client, 'change');
    const present = journal.session(id);
    const shared = Math.min(present?.revision ?? 0, archive.state.revision);
    if (present && shared > 0) {
      if (!this.#agrees(archive, shared)) {
        if (!fork) throw diverged(archive, present.revision);
        return this.#importFork(archive, client);
      }
      await this.#grant(id, client);
      if (archive.state.revision <= present.revision) {
        return { host: this.#host(id), outcome: 'unchanged', conflicts: [] };
      }
    } else await this.#grant(id, client);
    const replaced = this.#hosts.get(id);
    await replaced?.abandon();
    const news = archive.entries.slice(shared);
    try {
      await journal.adopt(id, news, archive.blobs);
    } catch (error) {
      // The abandoned host takes no more work; what it knew is in the journal.
      if (replaced) await this.#reopen(id);
      throw this.#importFailure(error);
    }
    const host = await this.#reopen(id);
    await host.disownPending();
    return { host, outcome: present ? 'advanced' : 'created', conflicts: [] };
  }

  /** Both histories go on, side by side; the context, of which there can be one only, is merged in the session that is here. */
  async #importFork(archive: Archive, client: string): Promise<Imported> {
    const { state, entries } = archive;
    const common = this.#lastCommon(archive);
    const here = this.#host(state.id);
    const head = entries.at(-1)?.hash ?? '';
    const id = idOfHistory(head, client);
    const known = this.#hosts.get(id);
    const host = known ?? (await this.#adoptHistory(archive, { id, client, common }));
    const outcome = known ? 'unchanged' : 'forked';
    // Nobody writes into a session that he does not see.
    if (common === 0 || !isVisible(here.state, client, this.grants)) return { host, outcome, conflicts: [] };
    const base = fold(entries.slice(0, common).map(({ entry }) => entry));
    // Under a key of its own, so that the same archive is merged once, also where the first attempt ended in between.
    const conflicts = await here.contexts.mergeHistory(base, state.context, { client, key: `import-${head}` });
    return { host, outcome, conflicts };
  }

  #adoptHistory(
    { state, entries, blobs }: Archive,
    { id, client, common }: { id: string; client: string; common: number },
  ): Promise<SessionHost> {
    const name = this.#freeName(state.name, client);
    const head = entries[common - 1]?.hash ?? '';
    const origin = { id: state.id, name: state.name, revision: common, head };
    const fork = { id, name, client, origin, outputs: state.pending.map(forkedOutput) };
    return this.#adoptFork(fork, entries, blobs);
  }

  #agrees({ state, entries }: Archive, revision: number): boolean {
    const [ours] = this.context.journal.read(state.id, { after: revision - 1, upTo: revision });
    return ours?.hash === entries[revision - 1]?.hash;
  }

  /** Chains that differ once differ from there on, so the place is found by halving. */
  #lastCommon(archive: Archive): number {
    let low = 0;
    let high = Math.min(this.context.journal.session(archive.state.id)?.revision ?? 0, archive.state.revision);
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#agrees(archive, middle)) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** @throws {ProtocolError} NameTaken, KeyConflict, RevisionConflict, InvalidParameters, LimitExceeded, StorageFull */
  async fork(from: SessionHost, request: ForkRequest): Promise<SessionHost> {
    const id = request.id ?? randomUUID();
    const fork = await this.#once(id, () => this.#fork(id, from, request));
    const { owner, forkedFrom } = fork.state;
    if (owner !== request.client || forkedFrom?.id !== from.state.id) throw idTaken(id);
    return fork;
  }

  async #fork(id: string, from: SessionHost, request: ForkRequest): Promise<SessionHost> {
    const { state } = from;
    const { client, ifRevision } = request;
    if (ifRevision !== undefined && ifRevision !== state.revision) {
      throw new ProtocolError('RevisionConflict', `The session ${state.name} is at revision ${state.revision}`, {
        revision: state.revision,
      });
    }
    const name = request.name ?? this.#freeName(state.name, client);
    const problem = nameProblem(name);
    if (problem) throw new ProtocolError('InvalidParameters', `fork_session: "name": ${problem}`);
    this.requireFreeName(name, client);
    this.#requireRoom(client);
    this.#admit(client, 'change');
    const { journal } = this.context;
    const revision = withSnapshotsBehind(journal, state.id, revisionOf(journal, state, request) ?? state.revision);
    const entries = journal.read(state.id, { upTo: revision });
    const { snapshots, pending } = fold(entries.map(({ entry }) => entry));
    const blobs = new Map<number, Uint8Array>();
    for (const { seq } of snapshots) {
      const bytes = journal.blob(state.id, seq);
      if (bytes) blobs.set(seq, bytes);
    }
    const head = entries.at(-1)?.hash ?? '';
    const origin = { id: state.id, name: state.name, revision, head };
    return this.#adoptFork({ id, name, client, origin, outputs: pending.map(forkedOutput) }, entries, blobs);
  }

  async #adoptFork(
    fork: Omit<Parameters<typeof forkEntries>[1], 'time'>,
    entries: readonly StoredEntry[],
    blobs: ReadonlyMap<number, Uint8Array>,
  ): Promise<SessionHost> {
    const copies = forkEntries(entries, { ...fork, time: this.context.now().toISOString() });
    return this.#reserving(fork.name, { client: fork.client, forNew: true }, async () => {
      try {
        await this.context.journal.adopt(fork.id, copies, blobs);
      } catch (error) {
        throw this.#importFailure(error);
      }
      return this.#adoptHost(this.#readState(fork.id));
    });
  }

  async #grant(session: string, client: string): Promise<void> {
    try {
      await this.grants.add(session, client);
    } catch (error) {
      throw this.#importFailure(error);
    }
  }

  #importFailure(error: unknown): unknown {
    const isFull = error instanceof JournalFull || (error as NodeJS.ErrnoException).code === 'ENOSPC';
    if (!isFull) return error;
    return new ProtocolError('StorageFull', 'The disk of the backend is full. Nothing was imported.');
  }

  async #reopen(id: string): Promise<SessionHost> {
    this.#hosts.delete(id);
    return this.#adoptHost(this.#readState(id));
  }

  /** What a prune would remove. */
  prunable({ client, orphaned, expired, olderThanMs }: PruneRequest): SessionHost[] {
    const isOld = ({ attendance }: SessionHost) => attendance.idleFor() >= (olderThanMs ?? 0);
    const own = this.all().filter(({ state }) => client === undefined || state.owner === client);
    const found = new Set<SessionHost>();
    if (orphaned) {
      const unseenMs = olderThanMs ?? settings.ORPHANED_AFTER_MS;
      // A client that is there now, or was a moment ago, keeps it from being orphaned whatever was asked for.
      for (const host of this.all()) {
        // What is somebody else's is left alone for as long as it takes to be an orphan, whatever is asked for.
        const isOwn = client === undefined || host.state.owner === client;
        const least = isOwn ? Math.max(1, unseenMs) : Math.max(unseenMs, settings.ORPHANED_AFTER_MS);
        if (host.attendance.orphanedFor() >= least) found.add(host);
      }
    }
    if (expired) for (const host of own) if (host.state.closed === 'expired' && isOld(host)) found.add(host);
    if (!orphaned && !expired && olderThanMs !== undefined) {
      for (const host of own) if (host.state.closed && isOld(host)) found.add(host);
    }
    return [...found];
  }

  /** Opens a session again that was damaged and has been repaired. */
  async reopenRepaired(id: string): Promise<SessionHost> {
    await this.#hosts.get(id)?.abandon();
    this.#damaged.delete(id);
    return this.#reopen(id);
  }

  /** @returns the id of a session that may be damaged @throws {ProtocolError} SessionNotFound, AmbiguousSession */
  idOf(reference: string, client: string | undefined): string {
    return this.#damagedOf(reference, client)?.id ?? this.find(reference, client).state.id;
  }

  /** Name of a session that may be damaged, where it is known. */
  nameOf(id: string): string | undefined {
    return this.#hosts.get(id)?.state.name ?? this.#damaged.get(id)?.state?.name;
  }

  async remove(host: SessionHost): Promise<void> {
    await host.abandon();
    await this.context.journal.remove(host.state.id);
    await this.forget(host.state.id);
  }

  /** Of a session that the journal does not have any more. */
  async forget(id: string): Promise<void> {
    this.#hosts.delete(id);
    this.#damaged.delete(id);
    await this.grants.remove(id);
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#cancelExpiry?.();
    await Promise.all(this.all().map((host) => host.stop(deadlineMs)));
    this.#unsubscribe();
  }

  #host(id: string): SessionHost {
    const host = this.#hosts.get(id);
    if (!host) throw new ProtocolError('SessionNotFound', `No session has the id "${id}"`);
    return host;
  }

  #open(id: string): void {
    try {
      this.#adoptHost(this.#readState(id), 'restart');
    } catch (error) {
      if (!(error instanceof DamagedJournal)) throw error;
      // One damaged session must not keep the others from being served.
      this.#damaged.set(id, { error, state: this.#goodState(id, error.lastGood) });
      this.context.log(`${id}: ${error.message}`);
    }
  }

  #goodState(id: string, lastGood: number): SessionState | undefined {
    try {
      return fold(this.context.journal.read(id, { upTo: lastGood }).map(({ entry }) => entry));
    } catch {
      return undefined;
    }
  }

  #readState(id: string): SessionState {
    const { journal } = this.context;
    const start = checkpointState(journal, id);
    const entries = journal.read(id, { after: start?.revision ?? 0 });
    return fold(
      entries.map(({ entry }: StoredEntry) => entry),
      start,
    );
  }

  /** @param absence why it has no engine; one that has just come here never had one to lose */
  #adoptHost(state: SessionState, absence: EngineAbsence = 'requested'): SessionHost {
    const host = new SessionHost(this.context, state, absence);
    this.#hosts.set(state.id, host);
    if (this.#cancelExpiry) this.#watchExpiry();
    return host;
  }

  /** `session-1`, `session-2` …, or `build-2` beside `build`: the first that no session of the client ever had here. */
  #freeName(stem: string, client: string): string {
    const taken = new Set(this.visible(client).map(({ state }) => state.name));
    const isTaken = (name: string) => taken.has(name) || this.#reserved.has(reservationOf(name, client));
    const short = stem.slice(0, MAX_NAME_LENGTH - 5);
    for (let number = taken.has(stem) ? 2 : 1; ; number++) {
      if (!isTaken(`${short}-${number}`)) return `${short}-${number}`;
    }
  }

  /** @param leastMs pause where the last look could not do what was due: a full disk is full for a while */
  #watchExpiry(leastMs = 0): void {
    this.#cancelExpiry?.();
    const due = this.all().flatMap(({ attendance }) => [
      attendance.expiresInMs() ?? Number.POSITIVE_INFINITY,
      attendance.noticeInMs() ?? Number.POSITIVE_INFINITY,
    ]);
    const wait = Math.max(leastMs, Math.min(settings.EXPIRY_CHECK_MS, ...due));
    this.#cancelExpiry = this.context.after(wait, () => void this.#expire());
  }

  async #expire(): Promise<void> {
    let leastMs = 0;
    for (const host of this.all()) {
      const logged = (error: Error) => {
        this.context.log(`${host.state.id}: ${error.message}`);
        leastMs = settings.STORAGE_RETRY_MS;
      };
      await host.attendance.expire().catch(logged);
      const isDue = (leftMs: number | undefined) => leftMs !== undefined && leftMs <= 0;
      if (isDue(host.attendance.expiresInMs())) await host.close('expired', 'backend').catch(logged);
      else if (isDue(host.attendance.noticeInMs())) await host.attendance.giveNotice().catch(logged);
    }
    this.#watchExpiry(leastMs);
  }
}

function forkedOutput({ key }: PendingInput): OutputEntry {
  return unknownOutput(key, 'Forked', 'the fork was made from a revision before this evaluation had an outcome');
}

/** The same history forked by the same client gets the same id: importing it again finds it. UUID version 8, RFC 9562. */
function idOfHistory(head: string, client: string): string {
  const digest = createHash('sha256').update(`${head}\n${client}`).digest('hex');
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}

function idTaken(id: string): ProtocolError {
  return new ProtocolError('KeyConflict', `The id ${id} belongs to another session than the one asked for`);
}

function reservationOf(name: string, client: string): string {
  return `${client}\n${name}`;
}

function diverged(archive: Archive, present: number): ProtocolError {
  return new ProtocolError(
    'Diverged',
    `The session ${archive.state.name} (${archive.state.id}) is here with another history: revision ${present} here, ` +
      `${archive.state.revision} in the archive, and they differ`,
  );
}
