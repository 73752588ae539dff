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
  // What this machine remembers (src/local).
  'connection-exists': 'conflict',
  'invalid-value': 'usage',
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

/** The exit code of every error a backend answers with. */
export const EXIT_BY_ERROR_TYPE: Readonly<Record<ErrorType, ExitName>> = {
  SessionNotFound: 'notFound',
  SessionError: 'conflict',
  SessionClosed: 'conflict',
  AmbiguousSession: 'usage',
  NameTaken: 'conflict',
  RevisionConflict: 'conflict',
  KeyConflict: 'conflict',
  EvaluationNotFound: 'notFound',
  LimitExceeded: 'refused',
  StorageFull: 'unexpected',
  DamagedData: 'damaged',
  Diverged: 'conflict',
  EngineUnavailable: 'engineUnavailable',
  InvalidRequest: 'unexpected',
  MessageTooLarge: 'usage',
  UnknownCommand: 'unexpected',
  InvalidParameters: 'usage',
  ShuttingDown: 'unreachable',
  RuntimeError: 'unexpected',
};
