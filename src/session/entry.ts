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
  /** `code` is not what ran: secrets in it were replaced before it was written, so it cannot be run again from here. */
  readonly redacted?: true;
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
  /** Revision whose context the change was made from, where the client said so and others had changed it since. */
  readonly base?: number;
  /** Idempotency keys of the requests that this patch answers; several where they came in quick succession. */
  readonly keys?: readonly string[];
  /** Of what was asked for under each of `keys`, see patch-digest.ts; absent where an earlier version wrote the entry. */
  readonly digests?: readonly string[];
}

/**
 * A change to the context that could not be merged. The session keeps what it had (ours); the value that came (theirs)
 * is kept here until somebody resolves the conflict. A member that is absent stands for a value that is not there.
 */
export interface ConflictEntry {
  readonly type: 'conflict';
  readonly id: string;
  /** Where in the context, from the top. */
  readonly path: readonly string[];
  /** Revision that the change was made from. */
  readonly baseRevision: number;
  readonly base?: unknown;
  readonly ours?: unknown;
  readonly theirs?: unknown;
  /** Idempotency key of the request, so that its retry finds the conflict again. */
  readonly key?: string;
  /** Of what was asked for under it; absent where an earlier version wrote the entry. */
  readonly digest?: string;
}

export const RESOLUTIONS = ['ours', 'theirs', 'union', 'value'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/** Somebody decided a conflict. */
export interface ResolvedEntry {
  readonly type: 'resolved';
  readonly conflict: string;
  readonly choice: Resolution;
  /** What the decision changes in the context. */
  readonly patch: Readonly<Record<string, unknown>>;
}

/** What came before is another session's history up to a revision; from here on this session goes its own way. */
export interface ForkedEntry {
  readonly type: 'forked';
  readonly from: ForkOrigin;
}

export interface ForkOrigin {
  readonly id: string;
  readonly name: string;
  readonly revision: number;
  /** Chain hash of the other session at that revision. */
  readonly head: string;
}

/** Other clients may see the session and work in it; null stands for all of them. */
export interface SharedEntry {
  readonly type: 'shared';
  readonly clients: readonly string[] | null;
}

export interface UnsharedEntry {
  readonly type: 'unshared';
  readonly clients: readonly string[] | null;
}

/** A client that had stayed with the session left it, or was not heard of any more. */
export interface PresenceEntry {
  readonly type: 'presence';
  readonly connectedMs: number;
  /** Outages of its link that it survived meanwhile, and how long they were in sum. */
  readonly outages: number;
  readonly outageMs: number;
}

/** Tells whoever follows the session what is about to happen to it. */
export interface NoticeEntry {
  readonly type: 'notice';
  readonly kind: 'expiring';
  readonly expiresAt: string;
}

/** An input that was typed elsewhere and brought here from a history file. It has not run in this session. */
export interface RecordedEntry {
  readonly type: 'recorded';
  readonly code: string;
  /** Kind of file it comes from. */
  readonly source: string;
  /** When it was typed, where the file says so. */
  readonly typedAt?: string;
  readonly redacted?: true;
}

/** A snapshot turned out to be damaged: what it alone carried is lost, and older ones stand in. */
export interface RepairedEntry {
  readonly type: 'repaired';
  /** Revisions of the snapshots that cannot be loaded. */
  readonly snapshots: readonly number[];
  readonly reason: string;
  readonly base: EngineBase;
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

/** Why a session had no engine before a restore gave it one. */
export type EngineAbsence = 'restart' | 'crash' | 'hibernation' | 'requested';

/** An engine was given the session's state back. Reopens a closed session. */
export interface RestoredEntry {
  readonly type: 'restored';
  readonly bindings: readonly BindingReport[];
  /** Revisions of the inputs that were run again on top of the snapshot, where a replay was asked for. */
  readonly replayed?: readonly number[];
  /** `restart`: of the backend. `requested`: somebody asked for another state than the present one. */
  readonly cause?: EngineAbsence;
  /** The session went back to how it was at this revision. */
  readonly at?: number;
  /** What the engine holds now, where that does not follow from the entries before: after `at`, and after nothing was loaded. */
  readonly base?: EngineBase;
}

/** What a restore loads and reports, as it stood at an earlier revision. */
export interface EngineBase {
  readonly snapshots: readonly SnapshotRef[];
  readonly bindings: Readonly<Record<string, BindingState>>;
  readonly classes: readonly string[];
  readonly uncovered: readonly UncoveredInput[];
}

export interface SnapshotRef {
  readonly seq: number;
  readonly kind: 'full' | 'changes';
  readonly digest: string;
  readonly bytes: number;
}

/** How a binding stood when the journal last said something about it. */
export type BindingState =
  | { readonly status: 'saved'; readonly at: number }
  | { readonly status: 'unsaved'; readonly at: number; readonly reason: string }
  | { readonly status: 'lost'; readonly at: number; readonly reason: string };

/** An input whose effects no snapshot carries: its changes were too big to save with it, or its outcome is unknown. */
export interface UncoveredInput {
  readonly seq: number;
  /** Revision of its output: inputs wait, so there may be snapshots between the two that it is not part of. */
  readonly answeredAt: number;
  readonly code: string;
  /** Changed bindings, as far as they are known. */
  readonly names: readonly string[];
  readonly unknown: boolean;
  /** The engine could not name all that it changed; any binding may be among it. */
  readonly unbounded?: true;
  /** How long it took, in ms; absent where that is not known. */
  readonly durationMs?: number;
  /** The journal does not have the code that ran. */
  readonly redacted?: true;
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
  | ConflictEntry
  | ResolvedEntry
  | ForkedEntry
  | SharedEntry
  | UnsharedEntry
  | PresenceEntry
  | NoticeEntry
  | RecordedEntry
  | RepairedEntry
  | BackendEntry
  | ClosedEntry;

/** Client of the entries that a backend makes by itself. */
export const BACKEND = 'backend';

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
