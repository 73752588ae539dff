/** Outboxes and orders for tests. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Addressed,
  type ChangeOrder,
  type Destination,
  type EvaluationOrder,
  Outbox,
  type OutboxEntry,
  type OutboxOptions,
  type OutboxWarning,
} from '../../../src/local/outbox.js';

/** Where the orders are to go, and another backend. */
export const LAB: Destination = { connection: 'lab', endpoint: 'tcp://lab:5555' };
export const FAR: Destination = { connection: 'far', endpoint: 'tcp://far:5555' };

export interface TestOutbox extends Outbox {
  readonly warnings: readonly OutboxWarning[];
  releaseKey(key: string): OutboxEntry | undefined;
  removeKey(key: string): void;
}

export function outboxIn(data: string, options: Partial<OutboxOptions> = {}): TestOutbox {
  const warnings: OutboxWarning[] = [];
  const outbox = new Outbox({ data }, { warn: (warning) => warnings.push(warning), ...options });
  return Object.assign(outbox, {
    warnings,
    releaseKey: (key: string) => outbox.release(outbox.get(key) as OutboxEntry),
    removeKey: (key: string) => {
      const entry = outbox.get(key);
      if (entry) outbox.remove(entry);
    },
  });
}

export function order(key: string, others: Partial<Addressed<EvaluationOrder>> = {}): Addressed<EvaluationOrder> {
  return {
    key,
    ...LAB,
    session: 'main',
    code: `Transcript show: '${key}'`,
    timeoutMs: 1000,
    client: 'me',
    ...others,
  };
}

export function change(key: string, others: Partial<Addressed<ChangeOrder>> = {}): Addressed<ChangeOrder> {
  return {
    key,
    ...LAB,
    session: 'main',
    patch: { buffer: `"${key}"`, preferences: { font: null } },
    base: 7,
    client: 'me',
    ...others,
  };
}

export function keys(outbox: Outbox, destination?: Destination): string[] {
  return outbox.list(destination).map(({ key }) => key);
}

/** Names of all files in the outbox's directory, whatever they are. */
export function files(data: string): string[] {
  return readdirSync(join(data, 'outbox')).sort();
}
