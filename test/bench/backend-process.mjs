/** A backend of its own for a benchmark, and a client of it. */
import { createInterface } from 'node:readline';
import { end } from './scope.mjs';

/** Starts a backend. @returns its process, once it serves, and a client */
export async function startBackend(
  scope,
  { backend, engineCache, sources },
  dataDirectory,
  endpoint = socketIn(dataDirectory),
) {
  const options = ['--endpoint', endpoint, '--data-dir', dataDirectory, '--cache-dir', engineCache];
  // It stops when its stdin closes, so it does not outlive this process even when that is killed.
  const child = scope.node([backend, ...options, '--foreground'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log += text;
  });
  const ready = await new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`The backend ended: ${log}`)));
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
  });
  if (ready.error) throw new Error(`The backend did not start: ${ready.error.message}`);
  const client = await sources.BackendClient.open(endpoint);
  return {
    client,
    pid: child.pid,
    async stop() {
      client.close();
      await end(child);
    },
  };
}

function socketIn(directory) {
  return `ipc://${directory}/socket`;
}
