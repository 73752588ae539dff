/**
 * A durable evaluation from the client's side, beside the costs it cannot avoid: one exchange over the same kind of
 * socket, and two synchronous writes (the input before it runs, the output before it is answered).
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Dealer } from 'zeromq';
import { startBackend } from './backend-process.mjs';
import { median, percentile, rounded } from './statistics.mjs';

const ECHO_SERVER = fileURLToPath(new URL('echo-server.mjs', import.meta.url));

/** Enough that ten measurements lie above the 99th percentile. */
const ROUNDS = 1_000;

/** The engine's compiler and ours are compiled by V8 after some hundred calls. */
const WARM_UP_ROUNDS = 300;

/** Bytes of a journaled input or output of `3 + 4`. */
const ENTRY_BYTES = 250;

const SYNCS_AN_EVALUATION = 2;

export async function benchRoundTrip({ scope, installation }) {
  const directory = scope.directory();
  const { client } = await startBackend(scope, installation, directory);
  scope.defer(() => client.close());
  const clientId = randomUUID();
  const { session_id: session } = await client.request('create_session', { client_id: clientId, name: 'bench' });
  const evaluation = (code) => ({
    code,
    session_id: session,
    client_id: clientId,
    key: randomUUID(),
    timeout_ms: 30_000,
  });
  const echo = await startEcho(scope, directory);
  const append = openAppender(scope, join(directory, 'appended'));
  const operations = {
    echo: () => echo({ id: randomUUID(), command: 'evaluate', parameters: evaluation('3 + 4') }),
    fdatasync: append,
    ping: () => client.request('ping', {}),
    evaluate: () => client.request('evaluate', evaluation('3 + 4')),
    // The engine keeps what it compiled, so code that it has not seen takes longer.
    evaluateNew: (round) => client.request('evaluate', evaluation(`3 + ${WARM_UP_ROUNDS + round}`)),
  };
  const evaluations = ['evaluate', 'evaluateNew'];

  const samples = Object.fromEntries(Object.keys(operations).map((name) => [name, []]));
  /** The part of an evaluation that the engine reports as its own. */
  const inEngine = Object.fromEntries(evaluations.map((name) => [name, []]));
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    for (const [name, operation] of Object.entries(operations)) {
      const startedAt = performance.now();
      const answer = await operation(round);
      if (round < 0) continue;
      samples[name].push(performance.now() - startedAt);
      inEngine[name]?.push(answer.execution_time);
    }
  }

  const echoMs = median(samples.echo);
  const floorMs = echoMs + SYNCS_AN_EVALUATION * median(samples.fdatasync);
  return {
    rounds: ROUNDS,
    echo: figures(samples.echo, {}),
    fdatasync: figures(samples.fdatasync, {}),
    ping: figures(samples.ping, { ratioToEcho: echoMs }),
    ...Object.fromEntries(
      evaluations.map((name) => [
        name,
        {
          ...figures(samples[name], { ratioToEcho: echoMs, ratioToEchoAndTwoSyncs: floorMs }),
          p50InEngineMs: rounded(median(inEngine[name])),
        },
      ]),
    ),
  };
}

/** @param baselines by the name of the ratio of the median to it */
function figures(samples, baselines) {
  const p50 = median(samples);
  const ratios = Object.entries(baselines).map(([name, baseline]) => [name, rounded(p50 / baseline)]);
  return { p50Ms: rounded(p50), p99Ms: rounded(percentile(samples, 99)), ...Object.fromEntries(ratios) };
}

async function startEcho(scope, directory) {
  const endpoint = `ipc://${directory}/echo`;
  const server = scope.node([ECHO_SERVER, endpoint], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  const socket = new Dealer({ linger: 0 });
  scope.defer(() => socket.close());
  socket.connect(endpoint);
  return async (request) => {
    await socket.send(['', JSON.stringify(request)]);
    const frames = await socket.receive();
    return JSON.parse(frames.at(-1).toString());
  };
}

function openAppender(scope, file) {
  const descriptor = openSync(file, 'a');
  scope.defer(() => closeSync(descriptor));
  const entry = Buffer.alloc(ENTRY_BYTES, 'x');
  return () => {
    writeSync(descriptor, entry);
    fdatasyncSync(descriptor);
  };
}
