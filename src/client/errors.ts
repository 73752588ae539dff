/** Why a backend could not be asked. What it answers are ProtocolErrors. */

/** Nobody answers at the endpoint. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly code = 'unreachable';
  constructor(
    readonly endpoint: string,
    reason: string,
    /** What to do about it, where that is known. */
    readonly hint?: string,
    /** The request had left when the backend fell silent, so it may have been accepted. */
    readonly mayHaveArrived = false,
  ) {
    super(`No backend answers at ${endpoint}: ${reason}`);
  }
}

/** The backend answers, and this request did not get its answer in time. */
export class RequestTimedOut extends Error {
  override readonly name = 'RequestTimedOut';
  readonly code = 'timed-out';
  constructor(command: string, waitedMs: number) {
    super(`The backend did not answer ${command} within ${waitedMs} ms`);
  }
}
