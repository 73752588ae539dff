/** What must be true of a journal, whatever happened while it was written. */
import { expect } from '@jest/globals';
import { unhashedLine } from '../../src/session/archive.js';
import { chainHash, GENESIS } from '../../src/session/chain.js';
import type { Json } from '../e2e/stui.js';
import type { Wire } from './wire.js';

/** What a client was told about a key. */
export interface Acknowledgement {
  readonly outcome: string;
  readonly printString: string | null;
}

/** Reads all entries, and checks that each follows on the one before it by number and by hash. */
export async function readVerified(wire: Wire, session: string): Promise<Json[]> {
  const entries: Json[] = [];
  let previous = GENESIS;
  for (;;) {
    const page = await wire.result('read_journal', { session_id: session, after: entries.length });
    for (const text of page.lines) {
      const { line, hash } = unhashedLine(text);
      expect(hash).toBe(chainHash(previous, line));
      const entry = JSON.parse(line);
      expect(entry.seq).toBe(entries.length + 1);
      entries.push(entry);
      previous = hash;
    }
    if (entries.length === page.revision) return entries;
  }
}

/** Checks that every key was accepted once and answered once, as it was acknowledged. */
export function expectOncePerKey(entries: readonly Json[], acknowledged: ReadonlyMap<string, Acknowledgement>): void {
  const inputs = entries.filter(({ type }) => type === 'input').map(({ key }) => key);
  const outputs = entries.filter(({ type }) => type === 'output');
  expect(new Set(inputs).size).toBe(inputs.length);
  expect(outputs.map(({ key }) => key).sort()).toEqual([...inputs].sort());
  const journaled = new Map(outputs.map(({ key, outcome, printString = null }) => [key, { outcome, printString }]));
  for (const [key, told] of acknowledged) expect([key, journaled.get(key)]).toEqual([key, told]);
}

/**
 * Checks a counter whose every input was `n := n + 1` in a session that began with `n := 0`: an evaluation with a value
 * counted once, one without a value did not count in what was saved, and none was lost or repeated.
 * @returns how often it counted
 */
export function expectCounted(entries: readonly Json[]): number {
  const values = entries
    .filter(({ type, outcome, key }) => type === 'output' && outcome === 'value' && key !== 'start')
    .map(({ printString }) => Number(printString));
  expect(values).toEqual(values.map((_, index) => index + 1));
  return values.length;
}
