/** An entry of the outbox, and how its file holds it. */
import { createHash } from 'node:crypto';
import type { ProcessIdentity } from '../../files/process-identity.js';
import { type Fields, isFields, type StoreShape, WrongShape } from '../store-contents.js';

interface AnyOrder {
  /** Idempotency key: the backend knows what was asked for by it, too. */
  readonly key: string;
  /** Name of the connection, as it was then. */
  readonly connection: string;
  /** Endpoint of the connection, null for the private backend's; absent where a stui of before did not keep it. */
  readonly endpoint?: string | null;
  /** Id; the name where nobody could be asked for the id and none is remembered. */
  readonly session: string;
  /** Id of the client that accepts it. */
  readonly client: string;
  /** The backend is to refuse it unless the session is at this revision. */
  readonly ifRevision?: number;
}

/** An evaluation to accept. */
export interface EvaluationOrder extends AnyOrder {
  readonly code: string;
  readonly timeoutMs: number;
}

/** A change of a session's workspace context to accept. */
export interface ChangeOrder extends AnyOrder {
  /** A merge patch (RFC 7396). */
  readonly patch: Fields;
  /** Revision whose context it was made from; null when that was never seen. */
  readonly base: number | null;
}

export type OutboxOrder = EvaluationOrder | ChangeOrder;

/** An order whose backend is known by more than a name, which may come to stand for another one. */
export type Addressed<O extends OutboxOrder> = O & Destination;

/** A backend: the one at an endpoint, whatever it is called, or the private one (null). */
export interface Destination {
  readonly connection: string;
  readonly endpoint: string | null;
}

/** What the file of an entry holds; written once, never changed. */
export type AcceptedOrder = OutboxOrder & {
  /** ISO 8601 UTC, by the clock as it was then: `order` and not this says what came first. */
  readonly acceptedAt: string;
};

export type OutboxEntry = AcceptedOrder & {
  /** Sorts entries by acceptance, as a string. */
  readonly order: string;
  /** `sending`: its owner is about to deliver it. `queued`: whoever comes next delivers it. */
  readonly state: 'sending' | 'queued';
  readonly owner: ProcessIdentity | null;
};

/** Version 1 knew evaluations that ask for no revision, 2 changes and conditions, 3 endpoints. */
const SCHEMA_VERSION = 3;

export const ENTRY_SHAPE: StoreShape<AcceptedOrder> = {
  schemaVersion: SCHEMA_VERSION,
  empty: () => {
    throw new WrongShape('it is empty');
  },
  decode: (fields) => {
    const accepted = 'patch' in fields ? decodeChange(fields) : decodeEvaluation(fields);
    if (fields['digest'] !== digestOf(accepted)) throw new WrongShape('its content does not have its digest');
    return accepted;
  },
};

export function isChange<O extends OutboxOrder>(order: O): order is O & ChangeOrder {
  return 'patch' in order;
}

export function encodeEntry(accepted: AcceptedOrder): string {
  return `${JSON.stringify({ schemaVersion: SCHEMA_VERSION, digest: digestOf(accepted), ...accepted })}\n`;
}

/** @returns whether the entry was accepted for that backend; of before endpoints were kept, for that connection */
export function isFor(entry: OutboxOrder, { connection, endpoint }: Destination): boolean {
  return entry.endpoint === undefined ? entry.connection === connection : entry.endpoint === endpoint;
}

function decodeEvaluation(fields: Fields): AcceptedOrder {
  return { ...decodeCommon(fields), code: text(fields, 'code'), timeoutMs: number(fields, 'timeoutMs') };
}

function decodeChange(fields: Fields): AcceptedOrder {
  const { patch } = fields;
  if (!isFields(patch)) throw new WrongShape('patch is not an object');
  return { ...decodeCommon(fields), patch, base: fields['base'] === null ? null : number(fields, 'base') };
}

function decodeCommon(fields: Fields): Pick<AcceptedOrder, keyof AnyOrder | 'acceptedAt'> {
  return {
    key: text(fields, 'key'),
    connection: text(fields, 'connection'),
    ...('endpoint' in fields ? { endpoint: endpointIn(fields) } : {}),
    session: text(fields, 'session'),
    client: text(fields, 'client'),
    ...('ifRevision' in fields ? { ifRevision: number(fields, 'ifRevision') } : {}),
    acceptedAt: text(fields, 'acceptedAt'),
  };
}

/** A flipped bit inside the code would still be JSON, and run as something that nobody wrote. */
function digestOf(accepted: AcceptedOrder): string {
  const { key, connection, endpoint, session, client, acceptedAt, ifRevision } = accepted;
  const condition = [
    ...(ifRevision === undefined ? [] : [{ ifRevision }]),
    ...(endpoint === undefined ? [] : [{ endpoint }]),
  ];
  const content = isChange(accepted)
    ? [{ patch: accepted.patch, base: accepted.base }, key, connection, session, client, acceptedAt, ...condition]
    : [key, connection, session, accepted.code, accepted.timeoutMs, client, acceptedAt, ...condition];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

function endpointIn(fields: Fields): string | null {
  return fields['endpoint'] === null ? null : text(fields, 'endpoint');
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new WrongShape(`${name} is not a string`);
  return value;
}

function number(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number') throw new WrongShape(`${name} is not a number`);
  return value;
}
