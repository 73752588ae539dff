/** Kills at random moments, while clients go on. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { childrenOf, killAtOnce } from '../e2e/processes.js';
import { temporaryHome } from '../e2e/stui.js';
import { until } from '../e2e/until.js';
import { type Acknowledgement, expectCounted, expectOncePerKey, readVerified } from './audit.js';
import { Chance } from './chance.js';
import { BackendLife, Wire } from './wire.js';

/** Clients that evaluate in the same session at the same time. */
const CLIENTS = 3;

/** A start takes half of this, the first evaluation after it the other half: kills meet all of it and what follows, in ms. */
const LONGEST_LIFE_MS = 400;

/** Values that clients see before the next engine is killed. */
const VALUES_BETWEEN_KILLS = 3;

/** Kills fall into evaluations, into the saving that follows, and between them, in ms. */
const LONGEST_EVALUATION_MS = 20;

/**
 * Clients that count under keys of their own. What is not answered when the backend dies is asked again, under the same
 * key, when it is back.
 */
class Clients {
  readonly acknowledged = new Map<string, Acknowledgement>();
  #stopping = false;
  #announce: () => void = () => {};
  #rebirth = this.#nextLife();

  constructor(
    private readonly wire: Wire,
    private readonly session: string,
  ) {}

  get values(): number {
    return [...this.acknowledged.values()].filter(({ outcome }) => outcome === 'value').length;
  }

  /** Evaluates until `finish` is called. */
  async work(): Promise<void> {
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => this.#count(client)));
  }

  backendIsBack(): void {
    this.#announce();
    this.#rebirth = this.#nextLife();
  }

  finish(): void {
    this.#stopping = true;
  }

  #nextLife(): Promise<undefined> {
    return new Promise((resolve) => {
      this.#announce = () => resolve(undefined);
    });
  }

  async #count(client: number): Promise<void> {
    for (let number = 1; !this.#stopping; number++) {
      const key = `client-${client}-${number}`;
      const { outcome, printString } = await this.#answer(key);
      this.acknowledged.set(key, { outcome, printString });
    }
  }

  async #answer(key: string): Promise<Acknowledgement> {
    const parameters = { session_id: this.session, client_id: 'counter', code: 'n := n + 1', key };
    for (;;) {
      const reply = await Promise.race([this.wire.ask('evaluate', parameters), this.#rebirth]);
      if (reply?.status === 'error') throw new Error(`${key}: ${reply.error_type}: ${reply.error}`);
      if (reply) return reply.result.evaluation;
    }
  }
}

/** The older of two engines; the other one is the spare, which may not be ready. */
function evaluatingEngine(backend: number): Promise<number> {
  return until('an engine with a spare', () => {
    const engines = childrenOf(backend);
    return engines.length === 2 && Math.min(...engines);
  });
}

async function begin(purpose: string) {
  const chance = Chance.announced(purpose);
  const home = temporaryHome();
  const backend = await BackendLife.begin(home);
  const wire = new Wire(backend.endpoint);
  const { session_id: session } = await wire.result('create_session', { client_id: 'counter', name: 'counted' });
  await wire.result('evaluate', { session_id: session, code: 'n := 0', key: 'start' });
  const clients = new Clients(wire, session);
  return { chance, home, backend, wire, session, clients, work: clients.work() };
}

/** Everything that holds after any kills, also for a backend that knows nothing but the journal. */
async function expectNothingLost(home: string, session: string, clients: Clients, life: BackendLife, wire: Wire) {
  const entries = await readVerified(wire, session);
  expectOncePerKey(entries, clients.acknowledged);
  const counted = expectCounted(entries);
  expect(counted).toBeGreaterThan(0);
  await killAtOnce([life.pid, ...childrenOf(life.pid)]);
  await BackendLife.begin(home);
  const { evaluation } = await wire.result('evaluate', { session_id: session, code: 'n' });
  expect(evaluation.printString).toBe(String(counted));
  expect(evaluation.restored.lost).toEqual([]);
  return { counted, entries };
}

it.each([
  ['the backend is killed 50 times', 50, (pid: number) => [pid]],
  ['the backend and all its engines are killed at once, 15 times', 15, (pid: number) => [pid, ...childrenOf(pid)]],
])(
  'every acknowledged evaluation counts once when %s',
  async (purpose, kills, victims) => {
    const { chance, home, backend, wire, session, clients, work } = await begin(purpose);
    let life = backend;
    for (let kill = 0; kill < kills; kill++) {
      await pause(chance.whole(0, LONGEST_LIFE_MS));
      await killAtOnce(victims(life.pid));
      life = await BackendLife.begin(home);
      clients.backendIsBack();
    }
    clients.finish();
    await work;
    await expectNothingLost(home, session, clients, life, wire);
  },
  120_000,
);

it('every acknowledged evaluation counts once when the engine is killed 20 times', async () => {
  const { chance, home, backend, wire, session, clients, work } = await begin('engines killed');
  for (let kill = 1; kill <= 20; kill++) {
    // An engine that is killed before it is ready has evaluated nothing, so there would be nothing to see.
    await until('evaluations with a value', () => clients.values >= kill * VALUES_BETWEEN_KILLS);
    await pause(chance.whole(0, LONGEST_EVALUATION_MS));
    await killAtOnce([await evaluatingEngine(backend.pid)]);
  }
  clients.finish();
  await work;
  const { entries } = await expectNothingLost(home, session, clients, backend, wire);
  const unknown = entries.filter(({ outcome }) => outcome === 'unknown');
  for (const { error } of unknown) expect(error.message).toContain('SIGKILL');
}, 120_000);
