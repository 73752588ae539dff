/**
 * Watches a connection in HOME through a simulated week of flapping, and prints what is left of it as JSON. Runs with
 * --expose-gc.
 */
import { LINK_TIMING } from '../../../../src/client/timing.js';
import type { WatchEvent } from '../../../../src/service/watch/event.js';
import { renderMetrics } from '../../../../src/service/watch/metrics.js';
import { Watcher } from '../../../../src/service/watch/watcher.js';
import { Workplace } from '../../../../src/service/workplace.js';
import { FakeBackend } from '../fake-backend.js';
import { VirtualTime } from '../virtual-time.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const WEEK = 7 * 24 * HOUR;

/** Only real input and output needs a turn of the event loop, and there is little of it. */
const TIMERS_A_TURN = 100;

/** Every so many outages somebody evaluates meanwhile. */
const QUEUE_EVERY = 20;

/** The generator of numbers that Marsaglia calls xorshift32: the week is the same each time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const home = process.argv[2] ?? '';
const random = seeded(20_260_101);
const time = new VirtualTime(TIMERS_A_TURN);
const backend = new FakeBackend(time, random);
const workplace = new Workplace({
  env: { STUI_HOME: home },
  connection: 'lab',
  autostart: false,
  warn: (message) => {
    throw new Error(message);
  },
});
await workplace.local.connections.add({ name: 'lab', endpoint: 'tcp://127.0.0.1:5555' });

const seen = { events: 0, outages: 0, deliveredLate: 0, answeredFromJournal: 0, lost: 0, queued: 0, incomplete: 0 };
const causes = new Set<string>();
function count(event: WatchEvent): void {
  seen.events += 1;
  if (event.type !== 'outage') return;
  causes.add(event.cause);
  seen.outages += 1;
  seen.deliveredLate += event.deliveredLate;
  seen.answeredFromJournal += event.answeredFromJournal;
  seen.lost += event.lost;
  if (!event.complete) seen.incomplete += 1;
}

const watcher = new Watcher({
  workplace,
  sessions: ['demo'],
  timing: LINK_TIMING,
  onEvent: count,
  runtime: backend.runtime,
});

/** One entry a call, in turn: every way in which a connection gets worse, and how it is made good again. */
const troubles: readonly (() => () => void)[] = [
  () => {
    backend.die();
    return () => {};
  },
  () => {
    backend.reachability = 'silent';
    return () => {};
  },
  () => {
    backend.disconnect();
    return () => {};
  },
  // It accepts connections and then says nothing: the outage begins again in the middle of the recovery.
  () => {
    backend.die();
    time.after(10 * SECOND, () => {
      backend.reachability = 'up';
    });
    time.after(10 * SECOND + 30, () => {
      backend.reachability = 'silent';
    });
    return () => {};
  },
  () => {
    backend.roundTripMs = 700;
    return () => {
      backend.roundTripMs = 2;
    };
  },
  () => {
    backend.busy = 1;
    watcher.tell({ type: 'network' });
    return () => {
      backend.busy = 0;
      watcher.tell({ type: 'woke' });
    };
  },
  // It answers pings and nothing else.
  () => {
    backend.die();
    backend.mute.add('get_session_info');
    time.after(5 * SECOND, () => {
      backend.reachability = 'up';
    });
    return () => backend.mute.clear();
  },
];

let turn = 0;
function flap(): void {
  // In the end everything comes to rest.
  if (time.now > WEEK - 2 * HOUR) return;
  const mend = troubles[turn++ % troubles.length]?.();
  if (turn % QUEUE_EVERY === 0) queue();
  // Most are short; one in fifty lasts for an hour.
  const lastsMs = random() < 0.02 ? HOUR : random() * 90 * SECOND;
  time.after(lastsMs, () => {
    backend.reachability = 'up';
    mend?.();
    time.after(MINUTE + random() * 4 * MINUTE, flap);
  });
}

function queue(): void {
  const key = `k${turn}`;
  const { entry } = workplace.outbox.accept({
    key,
    ...workplace.destination,
    session: 'demo',
    code: '3 + 4',
    timeoutMs: 1_000,
    client: 'c',
  });
  workplace.outbox.release(entry);
  // Every other one had arrived before the connection broke.
  if ((turn / QUEUE_EVERY) % 2 === 0) backend.journal.set(key, 'value');
  seen.queued += 1;
}

/** What a person or Prometheus looks at now and then. */
function look(): void {
  renderMetrics([watcher]);
  backend.commands = [];
  time.after(10 * MINUTE, look);
}

function measure() {
  globalThis.gc?.();
  globalThis.gc?.();
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  const handles = process.getActiveResourcesInfo().length;
  return {
    heapBytes: process.memoryUsage().heapUsed,
    timers: time.pending,
    lanes: backend.openLanes,
    listeners,
    handles,
  };
}

await watcher.start();
time.after(MINUTE, flap);
time.after(10 * MINUTE, look);
await time.runUntil(HOUR);
const hour = measure();
await time.runUntil(WEEK);
const week = measure();
const left = workplace.outbox.list().length;
const { phase, totals } = watcher;
watcher.stop();
console.log(
  JSON.stringify({ hour, week, seen, causes: [...causes].sort(), left, phase, totals, afterStop: backend.openLanes }),
);
