/** Real faults of real networks, between a client that keeps counting and its backend. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OutageCause } from '../../src/client/link-state.js';
import { DIST, temporaryHome } from '../e2e/stui.js';
import { temporaryDirectory } from '../local/temporary.js';
import { expectCounted, expectOncePerKey, readVerified } from './audit.js';
import { LOSSY_ADDRESS, whyNoNamespaces } from './network-namespaces.js';
import { World } from './network-world.js';
import { BackendLife, Wire } from './wire.js';

/** Longer than an evaluation takes, so that some faults meet one under way and some meet the time in between, in ms. */
const PACE_MS = 10;

/** Answers on both sides of a fault: enough that a lost or a doubled one would show. */
const ANSWERS_AROUND = 20;

interface Scenario {
  readonly fault: string;
  /** What the link's account may say; empty where it bridged the fault without an outage, or need not have had one. */
  readonly causes: readonly OutageCause[];
  readonly answersAround?: number;
  /** Before the backend starts. */
  prepare?(world: World): Promise<void>;
  /** Resolves when it is over. */
  happen(world: World): Promise<void>;
}

/** Without a route, our own kernel refuses. */
const LINK_GONE: readonly OutageCause[] = ['silence', 'refused'];

/** All run at the same time. The longest come first. */
const SCENARIOS: readonly Scenario[] = [
  {
    fault: 'the link is down for 30 s',
    causes: LINK_GONE,
    async happen({ network }) {
      network.unplug();
      await pause(30_000);
      network.plug();
    },
  },
  {
    fault: 'the backend is stopped for 20 s',
    causes: ['silence'],
    async happen(world) {
      world.signalBackend('SIGSTOP');
      await pause(20_000);
      world.signalBackend('SIGCONT');
    },
  },
  {
    fault: '30% of the packets are lost each way and the others take 200 ms there and back',
    causes: [],
    // Each takes a second.
    answersAround: 8,
    async prepare(world) {
      await world.network.addLossyPath(30, 100, 1);
      world.useAddress(LOSSY_ADDRESS);
    },
    // It lasts.
    async happen() {},
  },
  {
    fault: 'packets vanish for 10 s',
    causes: ['silence'],
    async happen({ network }) {
      network.drop();
      await pause(10_000);
      network.pass();
    },
  },
  {
    fault: 'the link is down for 5 s',
    causes: LINK_GONE,
    async happen({ network }) {
      network.unplug();
      await pause(5_000);
      network.plug();
    },
  },
  {
    fault: 'the client moves to another network in 3 s',
    causes: LINK_GONE,
    async happen({ network }) {
      network.unplug();
      await pause(3_000);
      network.joinOffice();
    },
  },
  {
    fault: 'the backend is killed and starts again',
    causes: ['disconnect', 'refused'],
    async happen(world) {
      await world.endBackend('SIGKILL');
      await pause(1_000);
      await world.startBackend();
    },
  },
  {
    fault: 'the client is killed and starts again',
    causes: [],
    async happen(world) {
      await world.killClient();
      world.startClient();
    },
  },
  {
    fault: 'the client gets another address',
    causes: [],
    async happen({ network }) {
      network.changeAddress();
    },
  },
];

const hindrance = whyNoNamespaces();
const isRequired = process.getuid?.() === 0 && process.env['CI'] !== undefined;
if (hindrance !== undefined) {
  if (isRequired) throw new Error(hindrance);
  process.stderr.write(`skipping tests of the network: ${hindrance}\n`);
}

(hindrance === undefined ? describe : describe.skip)('every evaluation counts once and is answered when', () => {
  const worlds = new Map<Scenario, World>();
  const faults = new Map<Scenario, Promise<void>>();

  // They begin one after the other, so that none has to wait for its backend, and go on at the same time.
  beforeAll(async () => {
    const client = bundleClient();
    const engineCache = temporaryDirectory();
    for (const scenario of SCENARIOS) {
      const world = new World({
        directory: temporaryDirectory(),
        engineCache,
        backend: join(DIST, 'backend.cjs'),
        client,
        paceMs: PACE_MS,
      });
      worlds.set(scenario, world);
      await scenario.prepare?.(world);
      await world.startBackend();
      world.startClient();
      await world.moreAnswers(scenario.answersAround ?? ANSWERS_AROUND);
      faults.set(scenario, goThrough(scenario, world));
    }
  }, 120_000);

  afterAll(async () => {
    await Promise.allSettled(faults.values());
    for (const world of worlds.values()) await world.remove();
  });

  it.each(SCENARIOS.map((scenario) => [scenario.fault, scenario] as const))(
    '%s',
    async (_fault, scenario) => {
      await faults.get(scenario);
      const world = worlds.get(scenario) as World;
      const journal = await readJournal(world);
      expectOncePerKey(
        journal,
        new Map(world.answers.map(({ key, outcome, printString }) => [key, { outcome, printString }])),
      );
      const evaluated = journal.filter(({ type, key }) => type === 'output' && key !== 'start').map(({ key }) => key);
      expect(evaluated.sort()).toEqual(world.asked.sort());
      expect(expectCounted(journal)).toBe(world.asked.length);
      if (scenario.causes.length > 0) expectAccount(world, scenario.causes);
    },
    120_000,
  );
});

async function goThrough(scenario: Scenario, world: World): Promise<void> {
  await scenario.happen(world);
  await world.moreAnswers(scenario.answersAround ?? ANSWERS_AROUND);
  await world.finishClient();
  await world.endBackend('SIGTERM');
}

/** The link accounts for one outage, and it lies between the answers before and after it. */
function expectAccount({ recoveries, answers }: World, causes: readonly OutageCause[]): void {
  expect(recoveries).toHaveLength(1);
  for (const { outage, until } of recoveries) {
    expect(causes).toContain(outage.cause);
    const meanwhile = answers.filter(({ askedAt, at }) => askedAt > outage.since && at < until);
    expect(meanwhile).toEqual([]);
    expect(answers[0]?.at).toBeLessThan(outage.since);
    expect(answers.at(-1)?.at).toBeGreaterThan(until);
  }
}

/** From another backend that knows nothing but the files. */
async function readJournal(world: World) {
  const { endpoint } = await BackendLife.begin(temporaryHome(), world.dataDirectory);
  const wire = new Wire(endpoint);
  return readVerified(wire, world.session);
}

/** Node 20 does not run TypeScript. */
function bundleClient(): string {
  const directory = temporaryDirectory();
  mkdirSync(directory, { recursive: true });
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'));
  const outfile = join(directory, 'network-client.mjs');
  const options = ['--bundle', '--platform=node', '--format=esm', '--external:zeromq', '--log-level=error'];
  const script = resolve('test/faults/network-client.ts');
  execFileSync(resolve('node_modules/.bin/esbuild'), [script, ...options, `--outfile=${outfile}`]);
  return outfile;
}
