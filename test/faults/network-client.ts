/**
 * A client that counts, under keys of its own, through everything that happens to the network. Each key is on its disk
 * before it is sent, so that its next life asks again for what this one did not see answered. Runs as a process, inside
 * a network namespace; prints one JSON document a line; finishes when stdin ends.
 */
import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BackendClient } from '../../src/client/backend-client.js';
import { RequestTimedOut, Unreachable } from '../../src/client/errors.js';
import type { LinkEffect } from '../../src/client/link-state.js';
import { watchNetwork } from '../../src/client/network/monitor.js';
import { LINK_TIMING } from '../../src/client/timing.js';

/** What it prints. Times are on the machine's monotonic clock, in ms, so that other processes can compare them. */
export type Said =
  | {
      readonly type: 'answer';
      readonly at: number;
      readonly askedAt: number;
      readonly key: string;
      readonly outcome: string;
      readonly printString: string | null;
    }
  | { readonly type: 'effect'; readonly at: number; readonly effect: LinkEffect };

/** How it is told what to do, on its command line. */
export interface Task {
  readonly endpoint: string;
  /** For the keys. The next life gets the same one. */
  readonly directory: string;
  /** Between an answer and the next question, in ms. */
  readonly paceMs: number;
}

/** A backend that lives answers sooner; one that does not is asked again, under the same key. */
const ANSWER_TIMEOUT_MS = 60_000;

const CLIENT = 'counter';

const { endpoint, directory, paceMs } = JSON.parse(process.argv[2] as string) as Task;
const asked = join(directory, 'asked');
const answered = join(directory, 'answered');
const sessionFile = join(directory, 'session');
const abort = new AbortController();
process.stdin.resume().once('end', () => abort.abort());

const client = await BackendClient.open(endpoint, {
  timing: { ...LINK_TIMING, connectBudgetMs: Number.POSITIVE_INFINITY },
  onEffect: (effect) => {
    if (effect.type !== 'ping') say({ type: 'effect', at: machineTime(), effect: onMachineClock(effect) });
    if (effect.type === 'recovered') client.tell({ type: 'restored' });
  },
});
const monitor = watchNetwork({ onEvent: ({ type }) => client.tell({ type }) });

const session = await openSession();
for (const key of unanswered()) await count(key);
const life = linesOf(asked).length;
for (let number = 1; !abort.signal.aborted; number++) {
  const key = `life-${life}-${number}`;
  record(asked, key);
  await count(key);
  await pause(paceMs, undefined, { signal: abort.signal }).catch(() => {});
}
client.close();
await monitor.stop();

/** Without a name: if the answer is lost, a session is left over, and nothing is in the way of the next one. */
async function openSession(): Promise<string> {
  if (existsSync(sessionFile)) return readFileSync(sessionFile, 'utf8');
  const { session_id } = await client.request('create_session', { client_id: CLIENT }, ANSWER_TIMEOUT_MS);
  await evaluate(session_id, 'n := 0', 'start');
  appendFileSync(sessionFile, session_id);
  return session_id;
}

async function count(key: string): Promise<void> {
  const askedAt = machineTime();
  const { outcome, printString } = await evaluate(session, 'n := n + 1', key);
  say({ type: 'answer', at: machineTime(), askedAt, key, outcome, printString });
  appendFileSync(answered, `${key}\n`);
}

/** Asks, under the same key, until there is an answer. */
async function evaluate(sessionId: string, code: string, key: string) {
  const parameters = { session_id: sessionId, client_id: CLIENT, code, key };
  for (;;) {
    try {
      const { evaluation } = await client.request('evaluate', parameters, ANSWER_TIMEOUT_MS);
      return evaluation;
    } catch (error) {
      if (!(error instanceof Unreachable || error instanceof RequestTimedOut)) throw error;
    }
  }
}

/** Safe from a kill of this process; it need not be from one of the machine. */
function record(file: string, key: string): void {
  const descriptor = openSync(file, 'a');
  writeSync(descriptor, `${key}\n`);
  fsyncSync(descriptor);
  closeSync(descriptor);
}

function unanswered(): string[] {
  const known = new Set(linesOf(answered));
  return linesOf(asked).filter((key) => !known.has(key));
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

function say(said: Said): void {
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

function machineTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function onMachineClock(effect: LinkEffect): LinkEffect {
  if (effect.type !== 'recovered') return effect;
  const ahead = machineTime() - performance.now();
  return { ...effect, until: effect.until + ahead, outage: { ...effect.outage, since: effect.outage.since + ahead } };
}
