/** Every timer and bound of the backend, with unit and reason. */
import { MAX_ARCHIVE_BYTES } from '../protocol/limits.js';

/** Default limit of one evaluation, in ms: long enough for a test run, short enough that a loop is noticed. */
export const DEFAULT_TIMEOUT_MS = 30_000;

/** Longest print string kept, in characters: what a person reads, and a journal of 10,000 stays small. */
export const PRINT_LIMIT = 10_000;

/** Changed bindings up to this size are saved in the transaction of the output, in bytes: about 2 ms of writing. */
export const CAPTURE_MAX_BYTES = 256 * 1024;

/** Objects walked to find what an evaluation changed: about 20 ms of walking. */
export const CAPTURE_MAX_OBJECTS = 50_000;

/** What was too big is saved after this long without work, in ms: between two commands of a script, not during them. */
export const IDLE_CAPTURE_MS = 200;

/** Changes on top of a full snapshot before a new full one is taken; bounds the steps of a restore. */
export const MAX_CHANGE_SNAPSHOTS = 64;

/** …or once the changes weigh this many times the full snapshot, and at least this many bytes. */
export const CHANGES_TO_FULL_RATIO = 4;
export const MIN_CHANGES_BYTES = 1024 * 1024;

/**
 * Work that never pauses gets this many snapshots, or unsaved inputs, ahead of saving at idle; then a full snapshot is taken
 * between two evaluations. Loading that many adds a tenth to a restore.
 */
export const MAX_BEHIND = 4 * MAX_CHANGE_SNAPSHOTS;

/** An engine that nobody used for this long is stopped when everything in it is saved, in ms. */
export const HIBERNATE_AFTER_MS = 10 * 60_000;

/** Engines kept alive at once while some can be stopped without loss; each takes some 50 MB. */
export const MAX_LIVE_ENGINES = 64;

/**
 * After a crash, a session that had worked this shortly before the last one did is taken for one at work, in ms: it gets an
 * engine before it asks for one.
 */
export const AT_WORK_MS = 10 * 60_000;

/** …but not more than these: started at once, each engine delays the others. */
export const MAX_ENGINES_AHEAD = 4;

/** Entries between checkpoints of the fold: opening a session reads at most this many. */
export const CHECKPOINT_EVERY = 200;

/** Longest time between two looks for expired sessions, in ms; the next expiry itself is timed exactly. */
export const EXPIRY_CHECK_MS = 60_000;

/** While the disk is full, a finished evaluation's output is offered again this often, in ms. */
export const STORAGE_RETRY_MS = 500;

/** A stopping backend lets running evaluations finish for this long, in ms; then it interrupts them. */
export const STOP_DEADLINE_MS = 10_000;

/** After an interruption, time for the outcome to be journaled, in ms. */
export const STOP_GRACE_MS = 3_000;

/**
 * Changes of a context that come this soon after the last one are journaled together, in ms: an editor that saves with every
 * key makes ten entries a second and not a hundred, and whoever changes something once does not wait.
 */
export const CONTEXT_WINDOW_MS = 100;

/** Contexts kept in memory to merge with: a client that lags by more costs a look into the journal. */
export const RECENT_CONTEXTS = 16;

/** A client that attached is taken for gone when it was not heard of for this long, in ms: it survives a common outage. */
export const PRESENCE_LEASE_MS = 30_000;

/** Shorter stays without an outage are not worth an entry, in ms: a command that only looks leaves none. */
export const MIN_STAY_MS = 1_000;

/** An open session is orphaned when none of its clients was seen for this long, in ms: a month, longer than holidays. */
export const ORPHANED_AFTER_MS = 30 * 86_400_000;

/** Notice of an expiry comes when this share of the time to live is left, and never earlier than an hour before, in ms. */
export const NOTICE_SHARE = 0.1;
export const MAX_NOTICE_MS = 3_600_000;

/** What one client may take of the backend. */
export interface Limits {
  /** Open sessions that it owns. */
  readonly maxSessions: number;
  /** In the long run; bursts may be twice that. */
  readonly maxEvaluationsPerSecond: number;
  /** Stored bytes of the sessions that it owns. */
  readonly maxBytes: number;
}

/** Far beyond a person's use, below what would hurt the backend. */
export const DEFAULT_LIMITS: Limits = {
  maxSessions: 1_000,
  maxEvaluationsPerSecond: 1_000,
  maxBytes: 8 * 1024 ** 3,
};

/** Stored bytes of a client are summed up anew at most this often, in ms: a sum over all its sessions. */
export const USAGE_CHECK_MS = 1_000;

/** Uploads in progress at once, and how long one may pause, in ms. */
export const MAX_UPLOADS = 8;
export const UPLOAD_IDLE_MS = 60_000;

/** Bytes of all uploads in progress, kept in memory: room for two of the largest. */
export const MAX_UPLOADED_BYTES = 2 * MAX_ARCHIVE_BYTES;

/** Connections the backend's socket takes; libzmq refuses to go on at its default of 1023. */
export const MAX_SOCKETS = 8_192;
