/** Why a backend could not be asked. What it answers are ProtocolErrors. */

/** Nobody answers at the endpoint. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly code = 'unreachable';
  constructor(
    readonly endpoint: string,
    reason: string,
    readonly hint?: string,
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
