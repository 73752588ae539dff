/**
 * Evaluations over a path that loses 30% of the packets in each direction and takes 200 ms there and back: on one link,
 * and as an experiment on three links at once, where the key lets the backend answer all three with the same outcome.
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { startMosh } from './reconnect-mosh.mjs';
import { percentile, rounded } from './statistics.mjs';

const CLIENT = fileURLToPath(new URL('reconnect-loss-client.mjs', import.meta.url));

const LOSS_PERCENT = 30;
const DELAY_MS = 100;

/** Paths measured at the same time, with losses of their own. */
const PATHS = 4;

/** Of one path: some 100 evaluations. */
const DURATION_MS = 60_000;

/** Between an answer and the next question, in ms: a lost packet must not be repaired by the next question's. */
const PACE_MS = 50;

const MODES = { oneLink: 1, threeLinks: 3 };

export async function measureLossyPath(scope, installation, moshReason) {
  const paths = await Promise.all(
    Array.from({ length: PATHS }, (_, index) => measurePath(scope, installation, moshReason, index + 1)),
  );
  const figures = (name) => {
    const samples = paths.flatMap((path) => path[name]);
    return {
      answers: samples.length,
      p50Ms: rounded(percentile(samples, 50)),
      p99Ms: rounded(percentile(samples, 99)),
      worstMs: rounded(Math.max(...samples)),
    };
  };
  const modes = Object.fromEntries(Object.keys(MODES).map((name) => [name, figures(name)]));
  const mosh = moshReason === undefined ? figures('mosh') : null;
  const ratios = Object.entries(modes).map(([name, { p50Ms, p99Ms }]) => [
    name,
    mosh && { p50: rounded(p50Ms / mosh.p50Ms), p99: rounded(p99Ms / mosh.p99Ms) },
  ]);
  return {
    lossPercent: LOSS_PERCENT,
    roundTripMs: 2 * DELAY_MS,
    ...modes,
    mosh,
    ratioToMosh: Object.fromEntries(ratios),
  };
}

async function measurePath(scope, installation, moshReason, seed) {
  const { LOSSY_ADDRESS, World } = installation.sources;
  const world = new World({
    directory: scope.directory(),
    engineCache: installation.engineCache,
    backend: installation.backend,
    client: installation.networkClient,
    paceMs: PACE_MS,
  });
  scope.defer(() => world.remove());
  await world.network.addLossyPath(LOSS_PERCENT, DELAY_MS, seed);
  world.useAddress(LOSSY_ADDRESS);
  await world.startBackend();
  const mosh = moshReason === undefined ? await startMosh(world.network, PACE_MS, LOSSY_ADDRESS) : undefined;
  const samples = await Promise.all(
    Object.entries(MODES).map(async ([name, links]) => [name, await evaluateOver(world, installation, links)]),
  );
  await mosh?.stop();
  await world.remove();
  const moshSamples = mosh?.answers.map(({ at, askedAt }) => at - askedAt);
  return { ...Object.fromEntries(samples), mosh: moshSamples };
}

/** @returns latencies in ms */
async function evaluateOver(world, installation, links) {
  const task = {
    sources: installation.sourcesBundle,
    endpoint: world.endpoint,
    session: `links-${links}-${randomUUID()}`,
    links,
    durationMs: DURATION_MS,
    paceMs: PACE_MS,
  };
  const child = world.network.start('client', process.execPath, [CLIENT, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const text of child.stdout.setEncoding('utf8')) output += text;
  return JSON.parse(output);
}
