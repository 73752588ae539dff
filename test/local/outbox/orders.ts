/** Outboxes and orders for tests. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ChangeOrder,
  type EvaluationOrder,
  Outbox,
  type OutboxOptions,
  type OutboxWarning,
} from '../../../src/local/outbox.js';

export interface TestOutbox extends Outbox {
  readonly warnings: readonly OutboxWarning[];
}

export function outboxIn(data: string, options: Partial<OutboxOptions> = {}): TestOutbox {
  const warnings: OutboxWarning[] = [];
  const outbox = new Outbox({ data }, { warn: (warning) => warnings.push(warning), ...options });
  return Object.assign(outbox, { warnings });
}

export function order(key: string, others: Partial<EvaluationOrder> = {}): EvaluationOrder {
  return {
    key,
    connection: 'lab',
    session: 'main',
    code: `Transcript show: '${key}'`,
    timeoutMs: 1000,
    client: 'me',
    ...others,
  };
}

export function change(key: string, others: Partial<ChangeOrder> = {}): ChangeOrder {
  return {
    key,
    connection: 'lab',
    session: 'main',
    patch: { buffer: `"${key}"`, preferences: { font: null } },
    base: 7,
    client: 'me',
    ...others,
  };
}

export function keys(outbox: Outbox, connection?: string): string[] {
  return outbox.list(connection).map(({ key }) => key);
}

/** Names of all files in the outbox's directory, whatever they are. */
export function files(data: string): string[] {
  return readdirSync(join(data, 'outbox')).sort();
}
