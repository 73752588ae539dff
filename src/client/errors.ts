/** Why a backend could not be asked. What it answers are ProtocolErrors. */
import { ENDPOINT_FORMS } from '../protocol/endpoint.js';

/** What was given as an endpoint is none. */
export class InvalidEndpoint extends Error {
  override readonly name = 'InvalidEndpoint';
  readonly code = 'invalid-endpoint';
  constructor(readonly endpoint: unknown) {
    super(`${JSON.stringify(endpoint) ?? String(endpoint)} is no endpoint: ${ENDPOINT_FORMS}`);
  }
}

/** Nobody answers at the endpoint. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly code = 'unreachable';
  /** The idempotency key that the request had, also one that was made up: asked for again with it, it is done once. */
  readonly key?: string;
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
  /** As for {@link Unreachable}. */
  readonly key?: string;
  constructor(command: string, waitedMs: number) {
    super(`The backend did not answer ${command} within ${waitedMs} ms`);
  }
}

/** @returns what `asking` does; where its answer did not come, the error has the key to ask for it again */
export async function keyed<R>(key: string, asking: Promise<R>): Promise<R> {
  try {
    return await asking;
  } catch (error) {
    throw error instanceof Unreachable || error instanceof RequestTimedOut ? Object.assign(error, { key }) : error;
  }
}
