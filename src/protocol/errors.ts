/** The errors a backend can answer with: the published ones and ours, each with the one thing a caller would do. */

export const ERROR_TYPES = {
  SessionNotFound: 'No session has this id or name.',
  SessionError: 'The session cannot do this in its present state.',
  SessionClosed: 'The session is closed; restore it to go on.',
  AmbiguousSession: 'Several sessions have this name or beginning of an id.',
  NameTaken: 'An open session has this name already.',
  RevisionConflict: 'The session is at another revision than the caller expected.',
  KeyConflict:
    'The idempotency key belongs to an evaluation of other code, or to another change; or the id chosen for a session to another one.',
  EvaluationNotFound: 'No evaluation was accepted under this key.',
  LimitExceeded: 'A limit of this backend would be exceeded.',
  RateLimited:
    'The client asks for more evaluations than the backend takes in that time; later it takes this one, too.',
  ConflictNotFound: 'No conflict of this session is open under this id.',
  NotResolvable: 'The conflict cannot be decided this way.',
  StorageFull: "The backend's disk is full; nothing that was accepted is lost.",
  DamagedData: 'Stored or uploaded data is not what was written.',
  Diverged: 'The session exists here with another history than the one that came, or that the client has seen.',
  EngineUnavailable: 'No Smalltalk engine could be started.',
  InvalidRequest:
    'The message is not a request: not JSON, not an object, without id and command, or under the id of another.',
  MessageTooLarge: 'The message is larger, or nested deeper, than this backend accepts.',
  UnknownCommand: 'The backend does not know this command.',
  InvalidParameters: 'A parameter is missing, unknown in kind, or out of range.',
  ShuttingDown: 'The backend is stopping and accepts no new work.',
  RuntimeError: 'The backend failed in a way it did not expect; its log says more.',
} as const;

export type ErrorType = keyof typeof ERROR_TYPES;

/** What the `details` of an error have, for the reference; nothing for most. */
export const ERROR_DETAILS: Partial<Record<ErrorType, string>> = {
  AmbiguousSession: '`sessions`: their ids.',
  DamagedData: '`session`, `lastGood`: the last revision that verifies; of a session that is stored.',
  InvalidParameters: '`revisions`: the two that a time may mean, where a clock went back.',
  LimitExceeded: '`limit`: which one; `most`: what it allows; `bytes`: what is taken, where that is what is limited.',
  NameTaken: '`session`: who has the name, where it is there already.',
  RateLimited: '`limit`, `perSecond`, `retryAfterMs`: the pause after which it is taken.',
  RevisionConflict: '`revision`: the present one.',
};

/** What any request can be answered with; descriptors name only what is particular to their command. */
export const ERRORS_OF_EVERY_COMMAND: readonly ErrorType[] = ['InvalidParameters', 'ShuttingDown', 'RuntimeError'];

/** An error that travels: it becomes `{status: "error", error, error_type}` and back. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  /**
   * The request had been sent before, on a connection that broke: it may have been carried out then, and this be said of the
   * second time.
   */
  readonly askedAgain?: boolean;
  constructor(
    readonly type: ErrorType,
    message: string,
    /** Machine-readable particulars, e.g. the present revision. */
    readonly details?: Readonly<Record<string, unknown>>,
  ) {
    super(message);
  }
}
