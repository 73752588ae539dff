/** The client of reconnect-loss.mjs, a process inside a network namespace. Prints the latencies of its evaluations. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const { sources, endpoint, session, links, durationMs, paceMs } = JSON.parse(process.argv[2]);
const { BackendClient, LINK_TIMING } = await import(pathToFileURL(sources).href);

const timing = { ...LINK_TIMING, connectBudgetMs: Number.POSITIVE_INFINITY };
const onEffect = (effect) => effect.type === 'recovered' && restored();
const clients = await Promise.all(
  Array.from({ length: links }, () => BackendClient.open(endpoint, { timing, onEffect })),
);
const client_id = randomUUID();

/** Until one answers: by its key the backend knows the request again. */
async function evaluate(parameters) {
  for (;;) {
    try {
      return await Promise.any(clients.map((client) => client.request('evaluate', parameters)));
    } catch {
      // Every link timed out.
    }
  }
}

function restored() {
  for (const client of clients) client.tell({ type: 'restored' });
}

const { session_id } = await clients[0].request('create_session', { client_id, name: session }, durationMs);
await evaluate({ session_id, client_id, code: 'n := 0', key: randomUUID() });
const latencies = [];
const end = performance.now() + durationMs;
while (performance.now() < end) {
  const askedAt = performance.now();
  await evaluate({ session_id, client_id, code: 'n := n + 1', key: randomUUID() });
  latencies.push(performance.now() - askedAt);
  await pause(paceMs);
}
for (const client of clients) client.close();
process.stdout.write(JSON.stringify(latencies));
