import type { ErrorType } from '../protocol/errors.js';
import type { ExitName } from './exit-codes.js';

/**
 * The exit code of every failure that has a name. The layers below know nothing of exit codes: they throw errors that
 * carry a `code`, and this table says how the process ends for it. A code that is not here ends as `unexpected`.
 */
export const EXIT_BY_ERROR_CODE: Readonly<Record<string, ExitName>> = {
  'bad-usage': 'usage',
  'bad-setting': 'usage',
  'command-not-found': 'usage',
  interrupted: 'interrupted',
  terminated: 'terminated',
  // Reaching a backend (src/client).
  'timed-out': 'timedOut',
  unreachable: 'unreachable',
  // Starting one (src/local).
  'backend-not-started': 'unexpected',
  'backend-running': 'conflict',
  'journal-damaged': 'damaged',
  'journal-not-repaired': 'unexpected',
  'no-journal': 'notFound',
  // What this machine remembers (src/local).
  'connection-exists': 'conflict',
  'invalid-value': 'usage',
  'no-home': 'usage',
  'not-in-outbox': 'notFound',
  'outbox-being-delivered': 'conflict',
  'outbox-held-back': 'conflict',
  'outbox-key-conflict': 'conflict',
  'local-state-damaged': 'damaged',
  'local-state-full': 'unexpected',
  'local-state-locked': 'conflict',
  'local-state-newer': 'refused',
  'local-state-read-only': 'unexpected',
  'local-state-unusable': 'unexpected',
  'socket-path-too-long': 'usage',
  'unknown-connection': 'notFound',
  'unknown-preference': 'notFound',
  'unsafe-path': 'refused',
};

/** What every error a backend answers with means to a person: how the process ends, and what to do next. */
export const MEANING_OF_ERROR_TYPE: Readonly<Record<ErrorType, { exit: ExitName; hint?: string }>> = {
  SessionNotFound: { exit: 'notFound', hint: 'See "stui session list", or make one with "stui session create NAME".' },
  SessionError: { exit: 'conflict' },
  SessionClosed: { exit: 'conflict', hint: 'Reopen it with "stui session restore".' },
  AmbiguousSession: { exit: 'conflict', hint: 'Give the id instead.' },
  NameTaken: { exit: 'conflict', hint: 'Choose another name, or close, rename or delete the session that has it.' },
  RevisionConflict: { exit: 'conflict', hint: 'Look at what changed with "stui log", then try again.' },
  KeyConflict: { exit: 'conflict', hint: 'Use a key once: "stui result KEY" shows what it stands for.' },
  EvaluationNotFound: {
    exit: 'notFound',
    hint: 'This backend has none for you. If it went to another connection, ask there: "stui result KEY --connection NAME".',
  },
  LimitExceeded: { exit: 'refused' },
  RateLimited: { exit: 'refused', hint: 'Try again in a moment.' },
  ConflictNotFound: { exit: 'notFound', hint: 'See "stui session conflicts".' },
  NotResolvable: { exit: 'conflict', hint: 'Decide it with --ours, --theirs or --file.' },
  StorageFull: { exit: 'unexpected', hint: 'Free some space on the disk of the backend, then try again.' },
  DamagedData: {
    exit: 'damaged',
    hint: 'Look with "stui session repair --dry-run"; repair brings back what is good and keeps the rest aside.',
  },
  Diverged: {
    exit: 'conflict',
    hint: 'Keep both with "stui session import FILE --fork": the other history becomes a session of its own.',
  },
  EngineUnavailable: { exit: 'engineUnavailable', hint: 'The log of the backend says more: "stui backend status".' },
  InvalidRequest: { exit: 'unexpected' },
  MessageTooLarge: { exit: 'usage', hint: 'Split the source, or file it in in parts.' },
  UnknownCommand: {
    exit: 'unexpected',
    hint: 'The backend is older than this stui: restart it with "stui backend stop".',
  },
  InvalidParameters: { exit: 'usage' },
  ShuttingDown: { exit: 'unreachable', hint: 'Try again in a moment.' },
  RuntimeError: {
    exit: 'unexpected',
    hint: 'The log of the backend says more: "stui backend status" tells where it is.',
  },
};
