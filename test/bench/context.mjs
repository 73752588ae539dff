/**
 * What a session with much in it costs: the workspace context of a megabyte beside a bare connection, and a session of a
 * hundred thousand entries beside one of ten.
 */
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startBackend } from './backend-process.mjs';
import { recordScript, writeHistory } from './history.mjs';
import { median, rounded } from './statistics.mjs';

const CONTEXT_BYTES = 1024 * 1024;

const LENGTHS = [10, 100_000];

/** Odd, so that the median has as many measurements above it as below. */
const ROUNDS = 21;

const WARM_UP_ROUNDS = 2;

export async function benchContext({ scope, installation, progress }) {
  return {
    restore: await benchRestoredContext(scope, installation, progress),
    show: await benchShow(scope, installation, progress),
  };
}

/** From a new connection to its first answer: to `hello`, and to a restore that brings the context along. */
async function benchRestoredContext(scope, installation, progress) {
  const { BackendClient } = installation.sources;
  const { client, stop } = await startBackend(scope, installation, scope.directory());
  try {
    progress('writing a context of a megabyte');
    const names = { client_id: 'bench', name: 'large' };
    await client.request('create_session', names);
    const line = `${'statement. '.repeat(8)}\n`;
    const buffer = line.repeat(Math.ceil(CONTEXT_BYTES / line.length));
    const here = { session_id: 'large', client_id: 'bench' };
    await client.request('update_session_state', { ...here, state_data: { buffer } });
    await client.request('evaluate', { ...here, code: 'x := 3' });
    const questions = {
      connect: (fresh) => fresh.request('hello', {}),
      restore: async (fresh) => {
        const { session_state } = await fresh.request('restore_session', here);
        if (session_state.buffer !== buffer) throw new Error('The restore did not bring the buffer back');
      },
    };
    const samples = { connect: [], restore: [] };
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
      for (const [name, ask] of Object.entries(questions)) {
        const startedAt = performance.now();
        const fresh = await BackendClient.open(client.endpoint);
        await ask(fresh);
        if (round >= 0) samples[name].push(performance.now() - startedAt);
        fresh.close();
      }
    }
    const connectMs = median(samples.connect);
    const restoreMs = median(samples.restore);
    return {
      contextBytes: Buffer.byteLength(buffer),
      connectMs: rounded(connectMs),
      restoreMs: rounded(restoreMs),
      addedMs: rounded(restoreMs - connectMs),
      ratio: rounded(restoreMs / connectMs),
    };
  } finally {
    await stop();
  }
}

/** `stui session show` on a backend that runs, whose only session is that long. */
async function benchShow(scope, installation, progress) {
  const { openSqliteJournal } = installation.sources;
  const script = await recordScript(installation);
  const cases = [];
  for (const entries of LENGTHS) {
    progress(`writing a journal of ${entries} entries`);
    const home = scope.directory();
    const directory = join(home, 'data', 'backend');
    const run = join(home, 'run');
    for (const path of [directory, run]) await mkdir(path, { recursive: true, mode: 0o700 });
    const journal = openSqliteJournal({ directory });
    const isLongEnough = ({ revision }) => revision >= entries;
    const session = await writeHistory(journal, script, installation.sources, isLongEnough);
    await journal.close();
    const { client, stop } = await startBackend(scope, installation, directory, `ipc://${run}/backend.sock`);
    // The journal was written in another client's name.
    await client.request('share_session', { session_id: session });
    cases.push({ entries, home, session, client, stop, commandMs: [], answerMs: [] });
  }
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    for (const { home, session, client, commandMs, answerMs } of cases) {
      const command = await timed(() => show(scope, installation, home, session));
      const answer = await timed(() => client.request('get_session_info', { session_id: session }));
      if (round < 0) continue;
      commandMs.push(command);
      answerMs.push(answer);
    }
  }
  for (const { stop } of cases) await stop();
  const [shortest] = cases;
  return cases.map(({ entries, commandMs, answerMs }) => ({
    entries,
    commandMs: rounded(median(commandMs)),
    commandRatio: rounded(median(commandMs) / median(shortest.commandMs)),
    answerMs: rounded(median(answerMs)),
    answerRatio: rounded(median(answerMs) / median(shortest.answerMs)),
  }));
}

async function timed(work) {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function show(scope, installation, home, session) {
  const args = [installation.launcher, 'session', 'show', session, '--json', '--no-autostart'];
  const child = scope.node(args, { env: { STUI_HOME: home }, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`session show ended with ${code}`);
}
