/** A backend that tests can see into: a journal that forgets, toy engines, and a clock that stands still until told. */
import { createHandlers, type Handlers } from '../../src/backend/handlers.js';
import { SessionRegistry } from '../../src/backend/registry.js';
import type { SessionHost } from '../../src/backend/session-host.js';
import { DEFAULT_LIMITS, type Limits } from '../../src/backend/settings.js';
import type { Timer } from '../../src/backend/timer.js';
import { Uploads } from '../../src/backend/uploads.js';
import type { Grants } from '../../src/backend/visibility.js';
import { type Draft, JournalFull, type Repair } from '../../src/journal/journal.js';
import { encodeArchive } from '../../src/session/archive.js';
import { decodeArchive } from '../../src/session/archive-decoder.js';
import type { Entry } from '../../src/session/entry.js';
import { fold, type SessionState } from '../../src/session/state.js';
import { MemoryJournal } from '../journal/memory-journal.js';
import { ToyFactory } from './toy-engine.js';

/** A journal whose disk can be full, and can lose the bytes of snapshots. */
export class TestJournal extends MemoryJournal {
  full: (drafts: readonly Draft[]) => boolean = () => false;
  /** Revisions of snapshots whose bytes are not here, in any session. */
  readonly gone = new Set<number>();

  override append(...[session, drafts, options]: Parameters<MemoryJournal['append']>) {
    if (this.full(drafts)) return Promise.reject(new JournalFull('no space'));
    return super.append(session, drafts, options);
  }

  override blob(session: string, seq: number): Uint8Array | undefined {
    return this.gone.has(seq) ? undefined : super.blob(session, seq);
  }

  override async repair(session: string): Promise<Repair> {
    const badSnapshots = [...this.gone].map((seq) => ({ seq, reason: 'other bytes' }));
    return { ...(await super.repair(session)), badSnapshots };
  }
}

/** Stands still until told, and then runs what is due, in order. */
export class Clock {
  time = Date.parse('2026-01-01T00:00:00.000Z');
  /** By how much the wall clock is wrong. */
  wallMs = 0;
  readonly #timers = new Set<{ readonly at: number; readonly task: () => void }>();

  readonly now = (): Date => new Date(this.time + this.wallMs);
  readonly monotonicMs = (): number => this.time;
  readonly after: Timer = (ms, task) => {
    const timer = { at: this.time + ms, task };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  async pass(ms: number): Promise<void> {
    const until = this.time + ms;
    await quiet();
    for (let next = this.#next(until); next; next = this.#next(until)) {
      this.#timers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.task();
      await quiet();
    }
    this.time = until;
  }

  /** Nothing of the process runs; what was due meanwhile is due at once afterwards. */
  stop(ms: number): void {
    this.time += ms;
  }

  #next(until: number) {
    return [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
  }
}

/** Lets everything happen that waits for no timer: nothing of it takes more turns than this. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export interface Rig {
  readonly journal: TestJournal;
  readonly engines: ToyFactory;
  readonly registry: SessionRegistry;
  readonly clock: Clock;
  readonly log: string[];
}

export interface RigOptions {
  readonly journal?: TestJournal;
  readonly clock?: Clock;
  readonly grants?: Grants;
  readonly limits?: Partial<Limits>;
}

export function backend({ journal = new TestJournal(), clock = new Clock(), grants, limits }: RigOptions = {}): Rig {
  const log: string[] = [];
  const { now, after, monotonicMs } = clock;
  const engines = new ToyFactory({ now: monotonicMs, after });
  const registry = new SessionRegistry({
    journal,
    engines,
    now,
    after,
    monotonicMs,
    log: (line) => log.push(line),
    limits: { ...DEFAULT_LIMITS, ...limits },
    ...(grants ? { grants } : {}),
  });
  return { journal, engines, registry, clock, log };
}

/** A backend that opens what another one left when it was killed. */
export async function successor({ journal, clock }: Rig, options: RigOptions = {}): Promise<Rig> {
  const next = backend({ journal, clock, ...options });
  await next.registry.start();
  await quiet();
  return next;
}

let keys = 0;

export function order(code: string, client = 'tester') {
  keys += 1;
  return { key: `key-${keys}`, code, client, timeoutMs: 1000 };
}

export function create({ registry }: Rig, client = 'tester', name?: string): Promise<SessionHost> {
  return registry.create({ labels: {}, client, ...(name === undefined ? {} : { name }) });
}

/** Evaluates one after another. @returns what the last one printed */
export async function run(host: SessionHost, ...codes: readonly string[]): Promise<string | undefined> {
  let printed: string | null | undefined;
  for (const code of codes) printed = (await host.evaluate(order(code))).result.printString;
  return printed ?? undefined;
}

export function entriesOf({ journal }: Pick<Rig, 'journal'>, id: string, upTo?: number): Entry[] {
  return journal.read(id, upTo === undefined ? {} : { upTo }).map(({ entry }) => entry);
}

/** The fold of the first entries, from the beginning. */
export function folded(rig: Pick<Rig, 'journal'>, id: string, upTo?: number): SessionState {
  return fold(entriesOf(rig, id, upTo));
}

/** States compare as the JSON that a checkpoint keeps. */
export function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** What an export of the session gives when it is read again. */
export function archiveOf({ journal }: Pick<Rig, 'journal'>, host: SessionHost) {
  const { id, snapshots } = host.state;
  const blobs = new Map(snapshots.map(({ seq }) => [seq, journal.blob(id, seq) as Uint8Array] as const));
  const about = { exportedAt: '2026-01-01T00:00:00.000Z', generator: 'test' };
  return decodeArchive(encodeArchive(journal.read(id), blobs, about));
}

/** What the commands do, on this backend. */
export function handlersOf({ registry, journal, engines, clock }: Rig): Handlers {
  const info = {
    version: '0',
    endpoint: 'tcp://test:1',
    dataDirectory: '',
    engine: engines.name,
    startedAt: clock.now(),
    stopping: () => false,
    descriptors: () => ({ limit: null, used: null, reserved: 0 }),
    memoryBytes: () => 0,
  };
  return createHandlers({ registry, journal, uploads: new Uploads(), now: clock.now }, info);
}

/** The engine is gone from one moment to the next. */
export async function kill({ engines }: Rig): Promise<void> {
  engines.newest?.die();
  await quiet();
}
