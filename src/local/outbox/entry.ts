/** An entry of the outbox, and how its file holds it. */
import { createHash } from 'node:crypto';
import { type Fields, type StoreShape, WrongShape } from '../store-contents.js';
import type { Owner } from './owner.js';

/** An evaluation to accept. */
export interface OutboxOrder {
  /** Idempotency key: the backend knows the evaluation by it, too. */
  readonly key: string;
  readonly connection: string;
  /** Id or name, as the client resolved it. */
  readonly session: string;
  readonly code: string;
  readonly timeoutMs: number;
  /** Id of the client that accepts it. */
  readonly client: string;
}

/** What the file of an entry holds; written once, never changed. */
export interface AcceptedOrder extends OutboxOrder {
  /** ISO 8601 UTC, by the clock as it was then: `order` and not this says what came first. */
  readonly acceptedAt: string;
}

export interface OutboxEntry extends AcceptedOrder {
  /** Sorts entries by acceptance, as a string. */
  readonly order: string;
  /** `sending`: its owner is about to deliver it. `queued`: whoever comes next delivers it. */
  readonly state: 'sending' | 'queued';
  readonly owner: Owner | null;
}

const SCHEMA_VERSION = 1;

export const ENTRY_SHAPE: StoreShape<AcceptedOrder> = {
  schemaVersion: SCHEMA_VERSION,
  empty: () => {
    throw new WrongShape('it is empty');
  },
  decode: (fields) => {
    const accepted = {
      key: text(fields, 'key'),
      connection: text(fields, 'connection'),
      session: text(fields, 'session'),
      code: text(fields, 'code'),
      timeoutMs: number(fields, 'timeoutMs'),
      client: text(fields, 'client'),
      acceptedAt: text(fields, 'acceptedAt'),
    };
    if (fields['digest'] !== digestOf(accepted)) throw new WrongShape('its content does not have its digest');
    return accepted;
  },
};

export function encodeEntry(accepted: AcceptedOrder): string {
  return `${JSON.stringify({ schemaVersion: SCHEMA_VERSION, digest: digestOf(accepted), ...accepted })}\n`;
}

/** A flipped bit inside the code would still be JSON, and run as something that nobody wrote. */
function digestOf({ key, connection, session, code, timeoutMs, client, acceptedAt }: AcceptedOrder): string {
  const content = JSON.stringify([key, connection, session, code, timeoutMs, client, acceptedAt]);
  return createHash('sha256').update(content).digest('hex');
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
