/** The memory of a backend whose sessions all hold a live engine, beside that of an idle `node`. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBackend } from './backend-process.mjs';
import { proportionalBytes, residentBytes } from './processes.mjs';
import { median, rounded } from './statistics.mjs';

const SESSION_COUNTS = [1, 10, 50];

/** A new engine's start, the spare's too, has ended well before, in ms; what it left over is not measured. */
const SETTLE_MS = 2_000;

const IDLE = 'setInterval(() => {}, 1_000_000)';

export async function benchMemory({ scope, installation, progress }) {
  const node = scope.node(['-e', IDLE], { stdio: 'ignore' });
  const { client, pid } = await startBackend(scope, installation, scope.directory());
  scope.defer(() => client.close());
  const clientId = randomUUID();
  const steps = [];
  let sessions = 0;
  for (const count of SESSION_COUNTS) {
    progress(`${count} sessions`);
    for (; sessions < count; sessions += 1) await openSession(client, clientId);
    await sleep(SETTLE_MS);
    steps.push(measure(pid, count));
  }
  const nodeBytes = residentBytes(node.pid).own;
  const [first] = steps;
  const last = steps.at(-1);
  return {
    nodeBytes,
    backendBytesPerFurtherSession: Math.round(
      (last.backendBytes - first.backendBytes) / (last.sessions - first.sessions),
    ),
    steps: steps.map((step) => ({
      ...step,
      backendRatio: rounded(step.backendBytes / nodeBytes),
      engineRatio: rounded(step.engineBytes / nodeBytes),
    })),
  };
}

/** A session whose engine runs and holds something. */
async function openSession(client, clientId) {
  const { session_id } = await client.request('create_session', { client_id: clientId });
  const code = 'numbers := (1 to: 100) asOrderedCollection. numbers size';
  const { has_error } = await client.request('evaluate', { session_id, code, client_id: clientId, key: randomUUID() });
  if (has_error) throw new Error('The evaluation failed');
}

/** The spare engine is one of the engines: it waits for the next session. */
function measure(pid, sessions) {
  const { own, children } = residentBytes(pid);
  const proportional = children.map((child) => proportionalBytes(child.pid)).filter((bytes) => bytes !== null);
  return {
    sessions,
    backendBytes: own,
    engines: children.length,
    engineBytes: median(children.map(({ bytes }) => bytes)),
    enginesBytes: children.reduce((sum, { bytes }) => sum + bytes, 0),
    engineProportionalBytes: proportional.length > 0 ? median(proportional) : null,
  };
}
