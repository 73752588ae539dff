/**
 * Group commit: changes asked for in one turn of the event loop share one transaction, since its price is the fsync.
 * Changes to one session take place in the order they were asked for, even when some have to be prepared first.
 */

/** Writes what was decided. An error out of it ends the whole transaction. */
export type Write = () => void;

export interface Change {
  /** Runs inside the transaction and sees the changes before it. What it throws concerns this change alone. */
  decide(): Write;
  /** The transaction is durable. */
  committed(): void;
  rejected(error: unknown): void;
}

export interface Transaction {
  begin(): void;
  /** Durable when it returns. */
  commit(): void;
  /** Undoes everything since `begin`. */
  abort(): void;
  /** SQLite ends a transaction by itself on some errors. */
  alive(): boolean;
}

export class CommitQueue {
  #waiting: Change[] = [];
  /** The last change of each session that is not yet prepared, or stands behind one that is not. */
  readonly #preparing = new Map<string, Promise<void>>();
  #scheduled = false;

  constructor(private readonly transaction: Transaction) {}

  /** @param ready settles when the change can be decided; nothing when it can be now. */
  add(session: string, change: Change, ready?: Promise<unknown>): void {
    const earlier = this.#preparing.get(session);
    if (!ready && !earlier) {
      this.#enqueue(change);
      return;
    }
    const prepared = Promise.allSettled([ready, earlier]).then(([own]) => {
      if (own.status === 'rejected') change.rejected(own.reason);
      else this.#enqueue(change);
    });
    this.#preparing.set(session, prepared);
    void prepared.then(() => {
      if (this.#preparing.get(session) === prepared) this.#preparing.delete(session);
    });
  }

  /** Commits everything that was added before, including what is still being prepared. */
  async drain(): Promise<void> {
    while (this.#preparing.size > 0) await Promise.all(this.#preparing.values());
    this.#flush();
  }

  #enqueue(change: Change): void {
    this.#waiting.push(change);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#waiting.length > 0) this.#flush();
    });
  }

  #flush(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    const refused = new Map<Change, unknown>();
    try {
      this.transaction.begin();
      for (const change of batch) this.#perform(change, refused);
      this.transaction.commit();
    } catch (error) {
      this.transaction.abort();
      for (const change of batch) change.rejected(error);
      return;
    }
    for (const change of batch) {
      if (refused.has(change)) change.rejected(refused.get(change));
      else change.committed();
    }
  }

  #perform(change: Change, refused: Map<Change, unknown>): void {
    let write: Write;
    try {
      write = change.decide();
    } catch (error) {
      if (!this.transaction.alive()) throw error;
      refused.set(change, error);
      return;
    }
    write();
  }
}
