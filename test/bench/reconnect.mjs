/**
 * How long after an outage the first answer comes, beside mosh in the same outage. Client and backend are processes in
 * network namespaces of their own, so it needs Linux and root.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { machineTime } from './reconnect-clock.mjs';
import { measureLossyPath } from './reconnect-loss.mjs';
import { startMosh, whyNoMosh } from './reconnect-mosh.mjs';
import { median, rounded } from './statistics.mjs';

/** Between two questions, in ms: at any moment of an outage one is waiting, or will be at once. */
const PACE_MS = 10;

/** Quiet before each outage, in ms: longer than what the last one left behind, such as retransmissions of mosh. */
const CALM_MS = 1_500;

/** Before the first outage: the engine has started and its compiler is warm. */
const WARM_UP_ANSWERS = 50;

/** Between two looks for what was said, in ms; it carries the time at which it was said. */
const LOOK_EVERY_MS = 5;

/** Longest wait for the first answer after an outage, in ms; who has not answered by then has not recovered. */
const PATIENCE_MS = 15_000;

const FAULTS = {
  /** The backend is killed and is back after a second: once it says that it serves, the network is back. */
  kill: {
    runs: 7,
    moshSurvives: false,
    async begin(world) {
      await world.endBackend('SIGKILL');
      await pause(1_000);
    },
    end: (world) => world.startBackend(),
  },
  silentDrop: {
    runs: 7,
    moshSurvives: true,
    async begin({ network }) {
      network.drop();
      await pause(6_000);
    },
    end: ({ network }) => network.pass(),
  },
  silentDrop30s: {
    runs: 3,
    moshSurvives: true,
    async begin({ network }) {
      network.drop();
      await pause(30_000);
    },
    end: ({ network }) => network.pass(),
  },
  /** The old address and the new one change places within one command. */
  addressChange: {
    isInstant: true,
    runs: 9,
    moshSurvives: true,
    async begin() {},
    end: ({ network }) => network.changeAddress(),
  },
  wifiSwap: {
    runs: 8,
    moshSurvives: true,
    async begin({ network }, run) {
      if (run % 2 === 0) network.unplug();
      else network.leaveOffice();
      await pause(3_000);
    },
    end({ network }, run) {
      if (run % 2 === 0) network.joinOffice();
      else network.plug();
    },
  },
  linkDown5s: {
    runs: 5,
    moshSurvives: true,
    async begin({ network }) {
      network.unplug();
      await pause(5_000);
    },
    end: ({ network }) => network.plug(),
  },
};

export async function benchReconnect({ scope, installation, progress }) {
  const { whyNoNamespaces } = installation.sources;
  const reason = whyNoNamespaces();
  if (reason !== undefined) return { skipped: reason };
  const moshReason = whyNoMosh();
  const faults = {};
  for (const name of Object.keys(FAULTS)) {
    progress(name);
    faults[name] = await measureFault(scope, installation, FAULTS[name], moshReason);
  }
  progress('loss');
  const loss = await measureLossyPath(scope, installation, moshReason);
  return { mosh: moshReason ?? 'measured in the same outages', faults, loss };
}

async function measureFault(scope, installation, fault, moshReason) {
  const world = await startWorld(scope, installation);
  const mosh = fault.moshSurvives && moshReason === undefined ? await startMosh(world.network, PACE_MS) : undefined;
  const outages = [];
  for (let run = 0; run < fault.runs; run += 1) {
    await pause(CALM_MS);
    outages.push(await measureOutage(world, mosh, fault, run));
  }
  await mosh?.stop();
  await world.finishClient();
  const accountedFor = world.recoveries.length;
  const account = await readAccount(world, installation);
  await world.remove();

  const answers = outages.map(({ answerMs }) => answerMs);
  const answerMs = median(answers);
  const moshMs = mosh ? median(outages.map((outage) => outage.moshMs)) : null;
  return {
    runs: fault.runs,
    answerMs: rounded(answerMs),
    worstAnswerMs: rounded(Math.max(...answers)),
    /** The backend's own sign of life, without journal or engine. */
    pongMs: rounded(median(outages.map(({ pongMs }) => pongMs))),
    moshMs: moshMs && rounded(moshMs),
    ratioToMosh: moshMs && rounded(answerMs / moshMs),
    outagesAccountedFor: accountedFor,
    ...account,
  };
}

async function startWorld(scope, installation) {
  const world = new installation.sources.World({
    directory: scope.directory(),
    engineCache: installation.engineCache,
    backend: installation.backend,
    client: installation.networkClient,
    paceMs: PACE_MS,
  });
  scope.defer(() => world.remove());
  await world.startBackend();
  world.startClient();
  await world.moreAnswers(WARM_UP_ANSWERS);
  return world;
}

async function measureOutage(world, mosh, fault, run) {
  await fault.begin(world, run);
  const startedAt = machineTime();
  await fault.end(world, run);
  const backAt = machineTime();
  // Nothing is answered during an outage. Where there is none, what was asked before the change proves nothing.
  const isAfter = fault.isInstant ? ({ askedAt }) => askedAt >= backAt : ({ at }) => at >= startedAt;
  const [answerMs, moshMs] = await Promise.all(
    [world, mosh].map((one) => one && sinceBack(backAt, () => one.answers.find(isAfter))),
  );
  const pongMs = await sinceBack(backAt, () =>
    world.said.find(({ at, effect }) => at >= startedAt && effect?.type === 'adopt'),
  );
  return { answerMs, moshMs, pongMs };
}

/** Waits for something said. It may have been said before the command that ended the outage returned. */
async function sinceBack(backAt, find) {
  for (;;) {
    const said = find();
    if (said) return Math.max(0, said.at - backAt);
    if (machineTime() - backAt > PATIENCE_MS) return PATIENCE_MS;
    await pause(LOOK_EVERY_MS);
  }
}

/** What the journal says about the keys that the client kept. */
async function readAccount(world, installation) {
  await world.endBackend('SIGTERM');
  const journal = installation.sources.openSqliteJournal({ directory: world.dataDirectory });
  try {
    const entries = journal.read(world.session).map(({ entry }) => entry);
    const outputs = entries.filter(({ type, key }) => type === 'output' && key !== 'start');
    const answered = new Set(outputs.map(({ key }) => key));
    const counted = new Set(outputs.map(({ printString }) => printString));
    return {
      asked: world.asked.length,
      lost: world.asked.filter((key) => !answered.has(key)).length,
      doubled: outputs.length - Math.min(answered.size, counted.size),
    };
  } finally {
    journal.close();
  }
}
