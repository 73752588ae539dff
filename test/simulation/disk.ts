/** The backend's disk: what was committed outlives every crash; a commit under way at a crash took place or did not. */
import {
  type AppendOptions,
  type Checkpoint,
  type Draft,
  type Journal,
  JournalFull,
  type Repair,
  type SessionRow,
  type Verification,
} from '../../src/journal/journal.js';
import type { StoredEntry } from '../../src/session/entry.js';
import { MemoryJournal } from '../journal/memory-journal.js';
import type { Process } from './process.js';
import type { World } from './world.js';

export class Disk {
  readonly journal = new MemoryJournal();
  /** In ms. */
  fullUntil = 0;
  slowUntil = 0;
}

interface Change {
  readonly session: string;
  readonly drafts: readonly Draft[];
  readonly options: AppendOptions;
  readonly resolve: (entries: readonly StoredEntry[]) => void;
  readonly reject: (error: unknown) => void;
}

/** A slow disk takes this many times longer. */
const SLOWNESS = 20;

/** The journal as one backend process has it open. */
export class SimulatedJournal implements Journal {
  #waiting: Change[] = [];
  #committing: Change[] = [];

  constructor(
    private readonly world: World,
    private readonly process: Process,
  ) {
    process.onEnd(() => {
      for (const change of world.random.chance(0.5) ? this.#committing : []) this.#write(change).catch(() => {});
    });
  }

  append(session: string, drafts: readonly Draft[], options: AppendOptions = {}): Promise<readonly StoredEntry[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ session, drafts, options, resolve, reject });
      if (this.#waiting.length === 1 && this.#committing.length === 0) this.#begin();
    });
  }

  read(...[session, range]: Parameters<Journal['read']>): readonly StoredEntry[] {
    return this.#kept.read(session, range);
  }

  findByKey(...[key, session]: Parameters<Journal['findByKey']>) {
    return this.#kept.findByKey(key, session);
  }

  blob(session: string, seq: number): Uint8Array | undefined {
    return this.#kept.blob(session, seq);
  }

  session(id: string): SessionRow | undefined {
    return this.#kept.session(id);
  }

  sessions(): readonly SessionRow[] {
    return this.#kept.sessions();
  }

  checkpoint(session: string): Checkpoint | undefined {
    return this.#kept.checkpoint(session);
  }

  saveCheckpoint(session: string, checkpoint: Checkpoint): void {
    this.#kept.saveCheckpoint(session, checkpoint);
  }

  onCommit(listener: Parameters<Journal['onCommit']>[0]): () => void {
    const unsubscribe = this.#kept.onCommit((session, entries) => {
      if (this.process.alive) listener(session, entries);
    });
    this.process.onEnd(unsubscribe);
    return unsubscribe;
  }

  verify(session: string): Verification {
    return this.#kept.verify(session);
  }

  repair(session: string): Promise<Repair> {
    return this.#kept.repair(session);
  }

  adopt(): Promise<void> {
    return Promise.reject(new Error('no archive is imported here'));
  }

  remove(): Promise<void> {
    return Promise.reject(new Error('no session is deleted here'));
  }

  async close(): Promise<void> {}

  get #kept(): MemoryJournal {
    return this.world.disk.journal;
  }

  /** Changes that come meanwhile share the next commit. */
  #begin(): void {
    this.#committing = this.#waiting;
    this.#waiting = [];
    const { random, conditions, disk, scheduler } = this.world;
    const slowness = disk.slowUntil > scheduler.now ? SLOWNESS : 1;
    this.process.after(random.delay(0.1, conditions.commitMs) * slowness, () => this.#commit());
    this.world.step('commit begins');
  }

  #commit(): void {
    const batch = this.#committing;
    this.#committing = [];
    for (const change of batch) this.#write(change).then(change.resolve, change.reject);
    this.world.step('commit ends');
    if (this.#waiting.length > 0) this.#begin();
  }

  #write({ session, drafts, options }: Change): Promise<readonly StoredEntry[]> {
    const { disk, scheduler, trace } = this.world;
    const what = drafts.map(({ body }) => body.type).join('+');
    if (disk.fullUntil > scheduler.now) {
      trace.note(scheduler.now, `disk full: ${session} ${what}`);
      return Promise.reject(new JournalFull('no space left'));
    }
    trace.note(scheduler.now, `disk: ${session} ${what}`);
    return disk.journal.append(session, drafts, options);
  }
}
