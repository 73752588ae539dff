/** The journal's entries: everything that ever happened to a session, and nothing else. */

export type Outcome = 'value' | 'error' | 'interrupted' | 'unknown';

/** What went wrong in the evaluated code, or to the engine that ran it. */
export interface EvaluationError {
  readonly class: string;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
  readonly stack: readonly string[];
}

export interface UnsavedBinding {
  readonly name: string;
  readonly reason: string;
}

export interface BindingReport {
  readonly name: string;
  readonly fidelity: Fidelity;
  readonly reason?: string;
}

export type Fidelity = 'live' | 'snapshot' | 'replayed' | 'lost';

export interface CreatedEntry {
  readonly type: 'created';
  readonly id: string;
  readonly name: string;
  readonly engine: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Close after this long without activity, in milliseconds. */
  readonly ttlMs?: number;
}

/** Durable before the code runs. */
export interface InputEntry {
  readonly type: 'input';
  readonly key: string;
  readonly code: string;
  readonly timeoutMs: number;
  /** The input was run again by a restore; revision of the original input. */
  readonly replayOf?: number;
}

export interface OutputEntry {
  readonly type: 'output';
  readonly key: string;
  readonly outcome: Outcome;
  readonly printString?: string;
  readonly class?: string;
  readonly error?: EvaluationError;
  readonly transcript: string;
  readonly durationMs: number;
  /** Bindings this evaluation changed whose values were too big to be saved with it. */
  readonly deferred?: readonly string[];
}

/** The state of the engine at this revision, or what changed since the snapshot before it. The bytes are kept beside the journal. */
export interface SnapshotEntry {
  readonly type: 'snapshot';
  readonly kind: 'full' | 'changes';
  /** SHA-256 of the snapshot's bytes, hex. */
  readonly digest: string;
  readonly bytes: number;
  readonly saved: readonly string[];
  readonly removed: readonly string[];
  readonly unsaved: readonly UnsavedBinding[];
  readonly classes: readonly string[];
}

/** A merge patch (RFC 7396) to the workspace context: buffer, layout, preferences, and what foreign clients keep there. */
export interface ContextEntry {
  readonly type: 'context';
  readonly patch: Readonly<Record<string, unknown>>;
}

export interface RenamedEntry {
  readonly type: 'renamed';
  readonly name: string;
}

/** Labels set (string) and removed (null). */
export interface LabelledEntry {
  readonly type: 'labelled';
  readonly labels: Readonly<Record<string, string | null>>;
}

/** An engine was given the session's state back. Reopens a closed session. */
export interface RestoredEntry {
  readonly type: 'restored';
  readonly bindings: readonly BindingReport[];
  /** Revisions of the inputs that were run again on top of the snapshot, where a replay was asked for. */
  readonly replayed?: readonly number[];
}

/**
 * Written only where inputs are pending. `stopped`: the backend stopped in order, and none of them has begun. `resumed`:
 * a backend took them up, so from here on the oldest may have begun.
 */
export interface BackendEntry {
  readonly type: 'backend';
  readonly event: 'stopped' | 'resumed';
}

export interface ClosedEntry {
  readonly type: 'closed';
  readonly reason: 'requested' | 'expired';
}

export type EntryBody =
  | CreatedEntry
  | InputEntry
  | OutputEntry
  | SnapshotEntry
  | ContextEntry
  | RenamedEntry
  | LabelledEntry
  | RestoredEntry
  | BackendEntry
  | ClosedEntry;

export interface EntryHeader {
  /** 1, 2, 3 … without gaps. The last one is the session's revision. */
  readonly seq: number;
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  /** Who caused it: a client id, or `backend`. */
  readonly client: string;
}

export type Entry = EntryHeader & EntryBody;

/** An entry as it is stored: its exact line of JSON and the hash of the chain up to and including it. */
export interface StoredEntry {
  readonly entry: Entry;
  /** The JSON text that was hashed; parsing it gives `entry`. */
  readonly line: string;
  /** SHA-256 chain hash, 64 hex digits. */
  readonly hash: string;
}
