/** Outboxes and orders for tests. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Outbox, type OutboxOptions, type OutboxOrder, type OutboxWarning } from '../../../src/local/outbox.js';

export interface TestOutbox extends Outbox {
  readonly warnings: readonly OutboxWarning[];
}

export function outboxIn(data: string, options: Partial<OutboxOptions> = {}): TestOutbox {
  const warnings: OutboxWarning[] = [];
  const outbox = new Outbox({ data }, { warn: (warning) => warnings.push(warning), ...options });
  return Object.assign(outbox, { warnings });
}

export function order(key: string, others: Partial<OutboxOrder> = {}): OutboxOrder {
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

export function keys(outbox: Outbox, connection?: string): string[] {
  return outbox.list(connection).map(({ key }) => key);
}

/** Names of all files in the outbox's directory, whatever they are. */
export function files(data: string): string[] {
  return readdirSync(join(data, 'outbox')).sort();
}
